package dev.asterism.cli.trace;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What the environment says of traces, in the variables of OpenTelemetry's specification
/// ("Environment Variable Specification", "OpenTelemetry Protocol Exporter"). Immutable.
///
/// @param enabled whether anything is recorded
/// @param endpoint where spans are posted to
/// @param headers that go with each post; may be secrets
/// @param timeout of a post
/// @param gzip whether posts are compressed
/// @param resource what is said of this process with each post
/// @param part of the traces that begin here which is recorded, 0 to 1
/// @param queue spans that wait at most; more are dropped
/// @param batch spans in a post at most
/// @param delay between two posts
/// @param problems what could not be understood, for the log
record TraceSettings(
    boolean enabled,
    URI endpoint,
    Map<String, String> headers,
    Duration timeout,
    boolean gzip,
    Map<String, String> resource,
    double part,
    int queue,
    int batch,
    Duration delay,
    List<String> problems) {
  private static final String PREFIX = "OTEL_EXPORTER_OTLP_";
  private static final URI STANDARD = URI.create("http://localhost:4318/v1/traces");
  private static final int MOST_SPANS = 1 << 16;
  private static final long LONGEST = 600_000; // milliseconds: ten minutes

  TraceSettings {
    headers = Map.copyOf(headers);
    resource = Map.copyOf(resource);
    problems = List.copyOf(problems);
  }

  /// Returns where spans are posted to as a log may have it: without a password, and without a
  /// query.
  String place() {
    int port = endpoint.getPort();
    return endpoint.getScheme()
        + "://"
        + endpoint.getHost()
        + (port < 0 ? "" : ":" + port)
        + endpoint.getRawPath();
  }

  static TraceSettings read(Map<String, String> environment, String version) {
    return new Reader(environment, version).read();
  }

  /// Reads variables, and notes what is wrong with them.
  private static final class Reader {
    private final Map<String, String> environment;
    private final String version;
    private final List<String> problems = new ArrayList<>();

    Reader(Map<String, String> environment, String version) {
      this.environment = environment;
      this.version = version;
    }

    /// An empty variable counts as none, says the specification.
    private Optional<String> get(String name) {
      return Optional.ofNullable(environment.get(name))
          .map(String::strip)
          .filter(v -> !v.isEmpty());
    }

    /// What is said of traces counts before what is said of all signals.
    private Optional<String> exporter(String name) {
      return get(PREFIX + "TRACES_" + name).or(() -> get(PREFIX + name));
    }

    TraceSettings read() {
      int batch = (int) number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, MOST_SPANS);
      boolean enabled = isEnabled();
      URI endpoint = endpoint();
      return new TraceSettings(
          enabled,
          endpoint,
          headers(),
          Duration.ofMillis(
              number(
                  PREFIX + "TRACES_TIMEOUT", number(PREFIX + "TIMEOUT", 10_000, LONGEST), LONGEST)),
          exporter("COMPRESSION").filter("gzip"::equals).isPresent(),
          resource(),
          part(),
          (int) number("OTEL_BSP_MAX_QUEUE_SIZE", 2048, MOST_SPANS),
          batch,
          Duration.ofMillis(number("OTEL_BSP_SCHEDULE_DELAY", 5000, LONGEST)),
          problems);
    }

    private boolean isEnabled() {
      if (get("OTEL_SDK_DISABLED").filter("true"::equalsIgnoreCase).isPresent()) {
        return false;
      }
      Optional<String> exporter = get("OTEL_TRACES_EXPORTER");
      if (exporter.isPresent() && !exporter.get().equals("otlp")) {
        if (!exporter.get().equals("none")) {
          problems.add(
              "OTEL_TRACES_EXPORTER is %s, and only otlp and none are known here"
                  .formatted(exporter.get()));
        }
        return false;
      }
      boolean wanted = exporter.isPresent() || exporter("ENDPOINT").isPresent();
      Optional<String> protocol = exporter("PROTOCOL").filter(p -> !p.equals("http/json"));
      if (wanted && protocol.isPresent()) {
        problems.add(
            "OTEL_EXPORTER_OTLP_PROTOCOL is %s; http/json is spoken, which a collector understands at its HTTP port too (4318)"
                .formatted(protocol.get()));
      }
      return wanted;
    }

    private URI endpoint() {
      Optional<String> own = get(PREFIX + "TRACES_ENDPOINT");
      Optional<String> text =
          own.or(() ->
              get(PREFIX + "ENDPOINT").map(base -> base.replaceAll("/+$", "") + "/v1/traces"));
      if (text.isEmpty()) {
        return STANDARD;
      }
      try {
        URI uri = new URI(text.get()).parseServerAuthority();
        if (uri.getHost() != null && String.valueOf(uri.getScheme()).matches("https?")) {
          return uri;
        }
      } catch (URISyntaxException _) {
        // As one that is none.
      }
      problems.add(
          "the endpoint %s is no http or https address; %s is used"
              .formatted(text.get().replaceAll("[^/]*@|[?#].*", "…"), STANDARD));
      return STANDARD;
    }

    /// Java's client refuses names that are none, values with line breaks, and what it sets itself.
    private Map<String, String> headers() {
      Map<String, String> headers = pairs(exporter("HEADERS").orElse(""), "header");
      headers
          .entrySet()
          .removeIf(header -> {
            try {
              HttpRequest.newBuilder(STANDARD).setHeader(header.getKey(), header.getValue());
              return false;
            } catch (IllegalArgumentException _) {
              problems.add("a header cannot be sent; it is left out");
              return true;
            }
          });
      return headers;
    }

    private Map<String, String> resource() {
      Map<String, String> resource = new LinkedHashMap<>();
      resource.put("service.name", "asterism");
      resource.put("service.version", version);
      resource.put("process.pid", String.valueOf(ProcessHandle.current().pid()));
      resource.putAll(pairs(get("OTEL_RESOURCE_ATTRIBUTES").orElse(""), "resource attribute"));
      get("OTEL_SERVICE_NAME").ifPresent(name -> resource.put("service.name", name));
      return resource;
    }

    /// Whoever called us in a trace has decided for it: only `traceidratio` is a number here.
    private double part() {
      String sampler = get("OTEL_TRACES_SAMPLER").orElse("parentbased_always_on");
      return switch (sampler.replace("parentbased_", "")) {
        case "always_on" -> 1;
        case "always_off" -> 0;
        case "traceidratio" -> ratio();
        default -> {
          problems.add(
              "OTEL_TRACES_SAMPLER is %s, which is not known; all is recorded".formatted(sampler));
          yield 1;
        }
      };
    }

    private double ratio() {
      String text = get("OTEL_TRACES_SAMPLER_ARG").orElse("1");
      try {
        double ratio = Double.parseDouble(text);
        if (ratio >= 0 && ratio <= 1) {
          return ratio;
        }
      } catch (NumberFormatException _) {
        // As one out of range.
      }
      problems.add("OTEL_TRACES_SAMPLER_ARG is %s, not 0 to 1; all is recorded".formatted(text));
      return 1;
    }

    private long number(String name, long otherwise, long most) {
      Optional<String> text = get(name);
      if (text.isEmpty()) {
        return otherwise;
      }
      if (text.get().matches("[0-9]{1,9}")) {
        long number = Long.parseLong(text.get());
        if (number > 0 && number <= most) {
          return number;
        }
      }
      problems.add(
          "%s is %s, not 1 to %d; %d is used".formatted(name, text.get(), most, otherwise));
      return otherwise;
    }

    /// Reads `key=value,…` with values in percent-encoding. A value is not repeated in a problem:
    /// it may be a secret.
    private Map<String, String> pairs(String text, String what) {
      Map<String, String> pairs = new LinkedHashMap<>();
      for (String pair : text.split(",", -1)) {
        int equals = pair.indexOf('=');
        if (equals > 0) {
          try {
            pairs.put(
                pair.substring(0, equals).strip(),
                // A plus is a plus there.
                URLDecoder.decode(
                    pair.substring(equals + 1).strip().replace("+", "%2B"),
                    StandardCharsets.UTF_8));
            continue;
          } catch (IllegalArgumentException _) {
            // As one without a sign.
          }
        }
        if (!pair.isBlank()) {
          problems.add(
              "a %s is not NAME=VALUE in percent-encoding; it is left out".formatted(what));
        }
      }
      return pairs;
    }
  }
}
