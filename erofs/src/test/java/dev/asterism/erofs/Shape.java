package dev.asterism.erofs;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// What a layer holds so far, as far as [RandomLayers] must know: which paths, directories or not.
final class Shape {
  private final TreeMap<String, Boolean> directories = new TreeMap<>();
  private final Set<String> whiteouts = new HashSet<>();
  private final Set<String> implicit = new HashSet<>();

  /// Tells whether no parent of `path` is a file or a whiteout: containerd refuses that.
  boolean canHold(String path) {
    for (int at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      String parent = path.substring(0, at);
      if (isFile(parent) || whiteouts.contains(parent)) {
        return false;
      }
    }
    return true;
  }

  boolean has(String path) {
    return directories.containsKey(path);
  }

  /// Tells whether it is a directory only because something is in it.
  boolean isImplicit(String path) {
    return implicit.contains(path);
  }

  boolean isFile(String path) {
    return Boolean.FALSE.equals(directories.get(path));
  }

  void put(String path, boolean directory) {
    if (!directory) {
      directories.keySet().removeIf(other -> other.startsWith(path + "/"));
      implicit.removeIf(other -> other.startsWith(path + "/"));
    }
    whiteouts.remove(path);
    implicit.remove(path);
    directories.put(path, directory);
    putParents(path);
  }

  private void putParents(String path) {
    for (int at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
      if (directories.put(path.substring(0, at), true) == null) {
        implicit.add(path.substring(0, at));
      }
    }
  }

  void putWhiteout(String path) {
    whiteouts.add(path);
    putParents(path);
  }

  void putOpaque(String path) {
    whiteouts.remove(path);
    putParents(path + "/");
  }

  /// Returns a file that can be linked to while `path` is replaced.
  Optional<String> fileOtherThan(String path, RandomGenerator random) {
    List<String> files = new ArrayList<>();
    directories.forEach((file, directory) -> {
      if (!directory && !file.equals(path) && !file.startsWith(path + "/")) {
        files.add(file);
      }
    });
    return files.isEmpty()
        ? Optional.empty()
        : Optional.of(files.get(random.nextInt(files.size())));
  }

  /// Returns `path` if neither it nor a link beside it is in the way of anything.
  Optional<String> freePath(String path) {
    return !has(path)
            && !whiteouts.contains(path)
            && canHold(path)
            && !path.endsWith("x".repeat(255))
        ? Optional.of(path)
        : Optional.empty();
  }
}
