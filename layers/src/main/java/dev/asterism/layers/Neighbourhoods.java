package dev.asterism.layers;

import java.util.HashMap;
import java.util.Map;

/// Numbers the directories of a layer as its files come by, each apart for every suffix that files
/// there have: who uses a compiled module goes on to others, not to their sources or their data.
/// Confined to one thread.
final class Neighbourhoods {
  private static final int LONGEST_SUFFIX = 8;

  private final Map<Place, Neighbourhood> directories = new HashMap<>();
  private final Map<Place, Integer> kin = new HashMap<>();

  private record Place(String directory, String suffix) {}

  /// Returns where a file is.
  ///
  /// @param path cleaned, without a slash at either end
  Neighbourhood of(String path) {
    return directories.computeIfAbsent(
        new Place(parent(path), suffix(name(path))),
        place -> new Neighbourhood(directories.size(), kin(place)));
  }

  /// A directory of the first two levels has no kin: what `usr/bin` and `var/bin` would have in
  /// common is nothing.
  private int kin(Place place) {
    String directory = place.directory();
    String family = parent(parent(directory));
    String key = family.isEmpty() ? directory + "//" : family + "//" + name(directory);
    return kin.computeIfAbsent(new Place(key, place.suffix()), _ -> kin.size());
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }

  private static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /// Returns what a name has after its last dot, `so` of a shared object with a version too; empty
  /// if that is no kind of file: a version, or too long.
  static String suffix(String name) {
    if (name.contains(".so.")) {
      return "so";
    }
    String suffix = name.substring(name.lastIndexOf('.') + 1);
    boolean isKind =
        suffix.length() < name.length()
            && suffix.length() <= LONGEST_SUFFIX
            && suffix.chars().anyMatch(Character::isLetter);
    return isKind ? suffix : "";
  }
}
