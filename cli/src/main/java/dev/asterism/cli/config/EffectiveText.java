package dev.asterism.cli.config;

import dev.asterism.registry.Endpoint;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// A configuration as it counts, with where each value comes from: TOML that could be read again.
public final class EffectiveText {
  private static final int COLUMN = 44; // characters, where the origins begin

  private EffectiveText() {}

  /// Returns every key that has an effect, one a line.
  ///
  /// @param file what `loaded` was read from; empty without one
  public static String of(ConfigurationFile.Loaded loaded, Optional<Path> file) {
    StringBuilder text = new StringBuilder();
    String table = "";
    for (Key key : inOrder().toList()) {
      if (!key.table().equals(table)) {
        table = key.table();
        text.append("\n[").append(table).append("]\n");
      }
      String line = key.lastName() + " = " + key.value(loaded.configuration());
      text.append(line)
          .append(" ".repeat(Math.max(1, COLUMN - line.length())))
          .append("# ")
          .append(origin(key, loaded, file))
          .append('\n');
    }
    loaded
        .configuration()
        .hosts()
        .mirrors()
        .forEach((registry, mirrors) -> mirrors(text, registry, mirrors, loaded, file));
    return text.toString();
  }

  /// Headers may be secrets: their names alone are shown.
  private static void mirrors(
      StringBuilder text,
      String registry,
      List<Endpoint> mirrors,
      ConfigurationFile.Loaded loaded,
      Optional<Path> file) {
    for (Endpoint mirror : mirrors) {
      text.append("\n[[resolver.host.")
          .append(TomlText.quoted(registry))
          .append(".mirrors]]")
          .append("  # ")
          .append(file.map(Path::toString).orElse(""))
          .append(':')
          .append(loaded.lines().getOrDefault("resolver.host.%s.mirrors".formatted(registry), 0))
          .append("\nhost = ")
          .append(TomlText.quoted(mirror.authority()))
          .append("\ninsecure = ")
          .append(mirror.scheme().equals("http"))
          .append("\nrequest_timeout_sec = ")
          .append(mirror.options().timeout().map(Duration::toSeconds).orElse(0L))
          .append('\n');
      mirror
          .options()
          .headers()
          .keySet()
          .forEach(name -> text.append("# header ").append(name).append(" is set\n"));
    }
  }

  /// Those without a table first: TOML ends a table only with the next one.
  private static Stream<Key> inOrder() {
    return Stream.of(Key.values())
        .filter(key -> key.kind().isPresent())
        .sorted(
            Comparator.comparing((Key key) -> !key.table().isEmpty()).thenComparing(Key::table));
  }

  private static String origin(Key key, ConfigurationFile.Loaded loaded, Optional<Path> file) {
    return Optional.ofNullable(loaded.lines().get(key.path()))
        .flatMap(line -> file.map(path -> path + ":" + line))
        .orElse("default");
  }
}
