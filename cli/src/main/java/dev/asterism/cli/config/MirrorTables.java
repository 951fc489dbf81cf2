package dev.asterism.cli.config;

import dev.asterism.registry.Endpoint;
import dev.asterism.registry.TlsFiles;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tomlj.TomlArray;
import org.tomlj.TomlPosition;
import org.tomlj.TomlTable;

/// Reads `[[resolver.host."REGISTRY".mirrors]]`: the stargz snapshotter's way to name mirrors.
/// Confined to one thread.
final class MirrorTables {
  private static final Set<String> KEYS =
      Set.of("host", "insecure", "request_timeout_sec", "header");
  private static final int MOST = 256; // mirrors in all
  private static final long LONGEST_SECONDS = 86_400; // a day

  private final List<String> problems;
  private final String file;
  private int count;

  /// @param file for messages
  /// @param problems what is wrong is added to it
  MirrorTables(String file, List<String> problems) {
    this.file = file;
    this.problems = problems;
  }

  /// Returns the mirrors of each registry that has some, in order.
  Map<String, List<Endpoint>> read(TomlTable toml) {
    Map<String, List<Endpoint>> mirrors = new HashMap<>();
    if (toml.get(List.of("resolver", "host")) instanceof TomlTable hosts) {
      for (String registry : hosts.keySet()) {
        switch (hosts.get(List.of(registry, "mirrors"))) {
          case TomlArray tables -> mirrors.put(registry, endpoints(registry, tables));
          case null -> {}
          default ->
              problem(
                  hosts.inputPositionOf(List.of(registry, "mirrors")),
                  "'resolver.host.%s.mirrors' is not a list of tables".formatted(registry));
        }
      }
    }
    return mirrors;
  }

  private List<Endpoint> endpoints(String registry, TomlArray tables) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < tables.size(); i++) {
      TomlPosition at = tables.inputPositionOf(i);
      if (++count > MOST) {
        problem(at, "more than %d mirrors".formatted(MOST));
        return endpoints;
      }
      if (tables.get(i) instanceof TomlTable table) {
        endpoint(registry, table, at).ifPresent(endpoints::add);
      } else {
        problem(at, "'resolver.host.%s.mirrors' is not a list of tables".formatted(registry));
      }
    }
    return endpoints;
  }

  private Optional<Endpoint> endpoint(String registry, TomlTable table, @Nullable TomlPosition at) {
    for (String key : table.keySet()) {
      if (!KEYS.contains(key)) {
        problem(
            table.inputPositionOf(List.of(key)),
            "unknown key 'resolver.host.%s.mirrors.%s'; a mirror has %s"
                .formatted(registry, key, String.join(", ", KEYS.stream().sorted().toList())));
      }
    }
    if (!(table.get(List.of("host")) instanceof String host)) {
      problem(at, "a mirror of %s without 'host'".formatted(registry));
      return Optional.empty();
    }
    Object insecure = table.get(List.of("insecure"));
    if (insecure != null && !(insecure instanceof Boolean)) {
      problem(table.inputPositionOf(List.of("insecure")), "'insecure' is neither true nor false");
    }
    try {
      return Optional.of(
          new Endpoint(
              Boolean.TRUE.equals(insecure) ? "http" : Endpoint.schemeOf(host),
              host,
              "/v2",
              new Endpoint.Options(
                  Endpoint.Options.DEFAULT.capabilities(),
                  headers(table),
                  timeout(table),
                  Optional.empty(),
                  TlsFiles.NONE)));
    } catch (IllegalArgumentException _) {
      problem(
          table.inputPositionOf(List.of("host")),
          "'%s' is no host: write HOST or HOST:PORT, without a scheme and a path".formatted(host));
      return Optional.empty();
    }
  }

  /// Below 0 is no limit, 0 the one of `[resolver]`.
  private Optional<Duration> timeout(TomlTable table) {
    Object value = table.get(List.of("request_timeout_sec"));
    if (value == null) {
      return Optional.empty();
    }
    if (!(value instanceof Long seconds) || seconds > LONGEST_SECONDS) {
      problem(
          table.inputPositionOf(List.of("request_timeout_sec")),
          "'request_timeout_sec' is not a whole number up to %d".formatted(LONGEST_SECONDS));
      return Optional.empty();
    }
    return seconds == 0
        ? Optional.empty()
        : Optional.of(Duration.ofSeconds(seconds < 0 ? LONGEST_SECONDS : seconds));
  }

  private Map<String, List<String>> headers(TomlTable table) {
    Map<String, List<String>> headers = new LinkedHashMap<>();
    Object header = table.get(List.of("header"));
    if (header != null && !(header instanceof TomlTable)) {
      problem(table.inputPositionOf(List.of("header")), "'header' is not a table");
    }
    if (header instanceof TomlTable named) {
      for (String name : named.keySet()) {
        List<String> values =
            switch (named.get(List.of(name))) {
              case String one -> List.of(one);
              case TomlArray many when many.toList().stream().allMatch(String.class::isInstance) ->
                  many.toList().stream().map(String.class::cast).toList();
              case null, default -> List.of();
            };
        if (values.isEmpty()) {
          problem(
              named.inputPositionOf(List.of(name)),
              "header '%s' is neither a text nor a list of them".formatted(name));
        } else {
          headers.put(name, values);
        }
      }
    }
    return headers;
  }

  private void problem(@Nullable TomlPosition at, String what) {
    problems.add(at == null ? file + ": " + what : "%s:%d: %s".formatted(file, at.line(), what));
  }
}
