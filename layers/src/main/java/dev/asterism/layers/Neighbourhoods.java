package dev.asterism.layers;

import java.util.HashMap;
import java.util.Map;

/// Numbers the directories of a layer as its files come by. Confined to one thread.
final class Neighbourhoods {
  private final Map<String, Neighbourhood> directories = new HashMap<>();
  private final Map<String, Integer> kin = new HashMap<>();

  /// Returns where a file is.
  ///
  /// @param path cleaned, without a slash at either end
  Neighbourhood of(String path) {
    return directories.computeIfAbsent(
        parent(path), directory -> new Neighbourhood(directories.size(), kin(directory)));
  }

  /// A directory of the first two levels has no kin: what `usr/bin` and `var/bin` would have in
  /// common is nothing.
  private int kin(String directory) {
    String family = parent(parent(directory));
    String key = family.isEmpty() ? directory + "//" : family + "//" + name(directory);
    return kin.computeIfAbsent(key, _ -> kin.size());
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }
}
