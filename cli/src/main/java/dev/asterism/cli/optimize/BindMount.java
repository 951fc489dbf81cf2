package dev.asterism.cli.optimize;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Something that is mounted into a container. Immutable.
///
/// @param type e.g. `bind` or `tmpfs`
/// @param source a path of the host, or a name where the type wants one
/// @param destination an absolute path of the container
/// @param options e.g. `rbind`, `ro`
public record BindMount(String type, String source, String destination, List<String> options) {
  private static final Set<String> KEYS =
      Set.of("type", "src", "source", "dst", "destination", "options");

  public BindMount {
    options = List.copyOf(options);
  }

  /// Reads `type=bind,src=/host,dst=/there,options=rbind:ro`, as `ctr` and `ctr-remote` do.
  ///
  /// @throws IllegalArgumentException if it is something else
  public static BindMount parse(String text) {
    Map<String, String> parts = new HashMap<>();
    for (String part : text.split(",", -1)) {
      int equals = part.indexOf('=');
      String key = equals < 0 ? part : part.substring(0, equals);
      if (equals < 0 || !KEYS.contains(key)) {
        throw new IllegalArgumentException(
            "not a mount: '%s' (type=bind,src=DIR,dst=DIR,options=rbind:ro)".formatted(text));
      }
      parts.put(key, part.substring(equals + 1));
    }
    String destination = parts.getOrDefault("dst", parts.getOrDefault("destination", ""));
    if (!destination.startsWith("/")) {
      throw new IllegalArgumentException("a mount needs an absolute dst=: '%s'".formatted(text));
    }
    List<String> options = new ArrayList<>(List.of(parts.getOrDefault("options", "").split(":")));
    options.removeIf(String::isEmpty);
    return new BindMount(
        parts.getOrDefault("type", "bind"),
        parts.getOrDefault("src", parts.getOrDefault("source", "")),
        destination,
        options);
  }
}
