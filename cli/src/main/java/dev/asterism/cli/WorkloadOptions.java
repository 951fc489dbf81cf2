package dev.asterism.cli;

import dev.asterism.cli.optimize.BindMount;
import dev.asterism.cli.optimize.Names;
import dev.asterism.cli.optimize.Until;
import dev.asterism.cli.optimize.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.json.JsonFactory;

/// The options of commands that run an image's workload: what is run, and for how long.
final class WorkloadOptions {
  private static final Duration DEFAULT_PERIOD = Duration.ofSeconds(10);
  private static final JsonFactory JSON = new JsonFactory();

  @Option(
      names = "--entrypoint",
      paramLabel = "JSON",
      description = "in place of the image's, e.g. '[\"/bin/sh\", \"-c\"]'")
  private Optional<String> entrypoint = Optional.empty();

  @Option(
      names = "--args",
      paramLabel = "JSON",
      description = "in place of the image's, e.g. '[\"serve\"]'")
  private Optional<String> arguments = Optional.empty();

  @Option(names = "--env", paramLabel = "NAME=VALUE", description = "may be given several times")
  private List<String> environment = new ArrayList<>();

  @Option(names = "--env-file", paramLabel = "FILE", description = "NAME=VALUE, one a line")
  private Optional<Path> environmentFile = Optional.empty();

  @Option(names = "--cwd", paramLabel = "DIR", description = "where the program starts")
  private Optional<String> directory = Optional.empty();

  @Option(names = "--user", paramLabel = "USER[:GROUP]", description = "names or numbers")
  private Optional<String> user = Optional.empty();

  @Option(
      names = "--mount",
      paramLabel = "MOUNT",
      description = "type=bind,src=DIR,dst=DIR,options=rbind:ro; may be given several times")
  private List<BindMount> mounts = new ArrayList<>();

  @Option(names = "--net-host", description = "let it see the host's network; else it has none")
  private boolean hostNetwork;

  @Option(
      names = "--dns-nameservers",
      paramLabel = "ADDRESSES",
      split = ",",
      description = "of its name servers, with commas (default with --net-host: the host's)")
  private List<String> nameServers = new ArrayList<>();

  @Option(
      names = "--dns-search-domains",
      paramLabel = "DOMAINS",
      split = ",",
      description = "where it looks for names, with commas")
  private List<String> searchDomains = new ArrayList<>();

  @Option(
      names = "--dns-options",
      paramLabel = "OPTIONS",
      split = ",",
      description = "of its resolver, with commas")
  private List<String> resolverOptions = new ArrayList<>();

  @Option(
      names = "--add-hosts",
      paramLabel = "NAME:ADDRESS",
      split = ",",
      description = "hosts that it knows, with commas")
  private List<String> addedHosts = new ArrayList<>();

  @Option(
      names = {"-t", "--terminal"},
      description = "give it this terminal, together with -i")
  private boolean terminal;

  @Option(names = "-i", description = "give it this command's standard input")
  private boolean input;

  @Option(
      names = "--period",
      paramLabel = "SECONDS",
      description = "how long it is watched at most; default: 10")
  private Optional<Long> period = Optional.empty();

  @Option(
      names = {"--wait-on-line", "--wait-line"},
      paramLabel = "TEXT",
      description = "watch it until it prints a line that holds the text, and for --period at most")
  private Optional<String> line = Optional.empty();

  @Option(names = "--wait-on-signal", description = "watch it until Ctrl-C")
  private boolean signal;

  @Option(
      names = {"--gpus", "--cni", "--cni-plugin-conf-dir", "--cni-plugin-dir"},
      arity = "0..1",
      hidden = true)
  private Optional<String> unsupported = Optional.empty();

  /// Returns what the image's own settings are changed to.
  ///
  /// @throws ParameterException if an option can't be understood
  Workload.Changes changes(CommandSpec spec) throws IOException {
    if (unsupported.isPresent()) {
      throw new ParameterException(
          spec.commandLine(),
          "CNI networks and GPUs are not supported: --net-host gives the host's network");
    }
    List<String> variables = new ArrayList<>();
    if (environmentFile.isPresent()) {
      Files.readAllLines(environmentFile.get()).stream()
          .map(String::strip)
          .filter(each -> !each.isEmpty() && !each.startsWith("#"))
          .forEach(variables::add);
    }
    variables.addAll(environment);
    for (String each : variables) {
      if (each.indexOf('=') < 1) {
        throw new ParameterException(
            spec.commandLine(), "not a variable: '%s' (NAME=VALUE)".formatted(each));
      }
    }
    return new Workload.Changes(
        words(spec, "--entrypoint", entrypoint),
        words(spec, "--args", arguments),
        variables,
        directory,
        user,
        mounts,
        hostNetwork,
        names(spec),
        attached(spec));
  }

  private Names names(CommandSpec spec) {
    try {
      return Names.of(nameServers, searchDomains, resolverOptions, addedHosts);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private Workload.Attached attached(CommandSpec spec) {
    if (!terminal) {
      return input ? Workload.Attached.INPUT : Workload.Attached.OUTPUT;
    }
    if (!input) {
      throw new ParameterException(
          spec.commandLine(), "a terminal is for input and output: --terminal wants -i");
    }
    if (signal) {
      throw new ParameterException(
          spec.commandLine(), "--terminal excludes --wait-on-signal: Ctrl-C is the workload's");
    }
    if (!Terminal.isWhole()) {
      throw new ParameterException(
          spec.commandLine(), "--terminal wants a terminal for input and output");
    }
    return Workload.Attached.TERMINAL;
  }

  /// Returns how long the workload is watched.
  Until until(CommandSpec spec) {
    if (signal && (period.isPresent() || line.isPresent())) {
      throw new ParameterException(
          spec.commandLine(), "--wait-on-signal excludes --period and --wait-on-line");
    }
    if (period.isPresent() && period.get() < 1) {
      throw new ParameterException(spec.commandLine(), "--period is at least a second");
    }
    if (signal) {
      return new Until.Signal();
    }
    Duration limit = period.map(Duration::ofSeconds).orElse(DEFAULT_PERIOD);
    return line.isPresent() ? new Until.Line(line.get(), limit) : new Until.Period(limit);
  }

  private static Optional<List<String>> words(
      CommandSpec spec, String option, Optional<String> text) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    List<String> words = new ArrayList<>();
    try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), text.get())) {
      boolean list = json.nextToken() == JsonToken.START_ARRAY;
      while (list && json.nextToken() != JsonToken.END_ARRAY) {
        list = json.currentToken() == JsonToken.VALUE_STRING;
        words.add(json.getString());
      }
      if (list && json.nextToken() == null) {
        return Optional.of(words);
      }
    } catch (JacksonException _) {
      // said below
    }
    throw new ParameterException(
        spec.commandLine(),
        "%s wants a JSON list of texts, e.g. '[\"sh\", \"-c\"]', not '%s'"
            .formatted(option, text.get()));
  }
}
