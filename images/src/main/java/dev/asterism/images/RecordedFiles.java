package dev.asterism.images;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Landmark;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedMap;
import java.util.SequencedSet;
import java.util.Set;

/// Where an image's layers hold the files of a record, which may be that of another version, and
/// those that a list names.
///
/// A path belongs to the topmost layer that has it; it is gone where a layer above removes it or
/// puts something else in its place. What has another path in this image is looked for by
/// [MovedFiles]. Each layer is read once; memory grows with the image's names.
///
/// @param order which files come first in which layer: those of the record, then those of the list
/// @param record the files that the image has, each with its layer and its digest, in that order
/// @param moved how many of the record have another path in this image
/// @param vanished how many paths of the record it does not have
/// @param unmatched names and patterns of the list of which it has nothing
public record RecordedFiles(
    FileOrder order, FileRecord record, int moved, int vanished, List<String> unmatched) {
  public RecordedFiles {
    unmatched = List.copyOf(unmatched);
  }

  /// Looks for the files of a record in all images that are wanted.
  ///
  /// @param listed paths of files, and patterns ([Glob]), of what else comes first
  /// @throws IOException if a layer can't be read; names it
  public static RecordedFiles find(
      ImageSource source, Platforms platforms, FileRecord wanted, List<String> listed)
      throws IOException {
    return new Search(wanted, listed).in(source, platforms);
  }

  /// Checks what a list holds.
  ///
  /// @throws IllegalArgumentException if it is a pattern that can't be understood
  public static void requireName(String listed) {
    if (Glob.isOne(listed)) {
      Glob _ = Glob.parse(listed);
    }
  }

  /// One search. Used once.
  private static final class Search {
    private final SequencedMap<String, FileRecord.Entry> byPath = new LinkedHashMap<>();
    private final Set<Long> sizes = new HashSet<>();
    private final List<String> listed;
    private final Set<String> names = new HashSet<>();
    private final List<Glob> patterns = new ArrayList<>();
    private final Map<Digest, SequencedSet<String>> layers = new HashMap<>();
    private final List<FileRecord.Entry> found = new ArrayList<>();
    private final Set<String> there = new HashSet<>();
    private final Set<String> elsewhere = new HashSet<>();
    private final Set<String> matched = new HashSet<>();

    private Search(FileRecord wanted, List<String> listed) {
      this.listed = listed;
      for (String each : listed) {
        if (Glob.isOne(each)) {
          patterns.add(Glob.parse(each));
        } else {
          names.add(ImageTree.clean(each));
        }
      }
      for (FileRecord.Entry entry : wanted.entries()) {
        String path = ImageTree.clean(entry.path());
        if (!path.isEmpty() && !Landmark.isBookkeeping(path)) {
          byPath.putIfAbsent(path, entry);
          entry.content().map(FileRecord.Content::size).filter(n -> n > 0).ifPresent(sizes::add);
        }
      }
    }

    private RecordedFiles in(ImageSource source, Platforms platforms) throws IOException {
      for (PlatformImage image : PlatformImage.all(source, platforms)) {
        ImageTree tree =
            ImageTree.read(
                source,
                image,
                (path, size) -> byPath.containsKey(path) || sizes.contains(size) || isListed(path));
        Set<String> taken = new HashSet<>();
        recorded(image, tree, taken);
        listed(image, tree, taken);
      }
      Map<Digest, List<String>> order = new HashMap<>();
      layers.forEach((layer, paths) -> order.put(layer, List.copyOf(paths)));
      elsewhere.removeAll(there);
      return new RecordedFiles(
          new FileOrder(order),
          new FileRecord(found),
          elsewhere.size(),
          byPath.size() - there.size() - elsewhere.size(),
          listed.stream().filter(name -> !matched.contains(name)).toList());
    }

    private boolean isListed(String path) {
      return names.contains(path) || patterns.stream().anyMatch(glob -> glob.matches(path));
    }

    private void recorded(PlatformImage image, ImageTree tree, Set<String> taken) {
      MovedFiles moved = new MovedFiles(tree);
      byPath.forEach((path, entry) -> {
        boolean asRecorded = tree.nodes().get(path) instanceof ImageTree.Node.File;
        Optional<String> now = asRecorded ? Optional.of(path) : moved.find(path, entry);
        now.ifPresent(at -> {
          (asRecorded ? there : elsewhere).add(path);
          if (taken.add(at)) {
            add(image, tree, at, entry.milliseconds());
          }
        });
      });
    }

    private void listed(PlatformImage image, ImageTree tree, Set<String> taken) {
      for (String name : listed) {
        List<String> paths =
            Glob.isOne(name)
                ? tree.nodes().keySet().stream().filter(Glob.parse(name)::matches).toList()
                : List.of(name);
        for (String path : paths) {
          tree.file(path)
              .ifPresent(file -> {
                matched.add(name);
                if (taken.add(file)) {
                  add(image, tree, file, OptionalLong.empty());
                }
              });
        }
      }
    }

    private void add(PlatformImage image, ImageTree tree, String path, OptionalLong milliseconds) {
      if (tree.nodes().get(path)
          instanceof ImageTree.Node.File(int layer, long size, Optional<Digest> digest)) {
        Digest blob = image.layers().get(layer).descriptor().digest();
        layers.computeIfAbsent(blob, _ -> new LinkedHashSet<>()).add(path);
        found.add(
            new FileRecord.Entry(
                path,
                Optional.of(image.manifest()),
                OptionalLong.of(layer),
                milliseconds,
                digest.map(d -> new FileRecord.Content(d, size))));
      }
    }
  }
}
