package dev.asterism.images;

import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.Landmark;
import dev.asterism.estargz.LayerStream;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarReader;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SequencedSet;
import java.util.Set;

/// Where an image's layers hold the files of a record.
///
/// A path belongs to the topmost layer that has it; it is gone where a layer above removes it or
/// puts something else in its place. Each layer is read once; memory grows with the record, not
/// with the image.
///
/// @param order which files come first in which layer
/// @param record the files that the image has, each with its layer, in the order of the record
/// @param vanished how many paths of the record it does not have
public record RecordedFiles(FileOrder order, FileRecord record, int vanished) {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";
  private static final int BUFFER = 64 << 10; // 64 KiB

  /// Looks for the files of a record in all images that are wanted.
  ///
  /// @throws IOException if a layer can't be read; names it
  public static RecordedFiles find(ImageSource source, Platforms platforms, FileRecord wanted)
      throws IOException {
    Map<String, FileRecord.Entry> byPath = new LinkedHashMap<>();
    for (FileRecord.Entry entry : wanted.entries()) {
      String path = clean(entry.path());
      if (!path.isEmpty() && !Landmark.isBookkeeping(path)) {
        byPath.putIfAbsent(path, entry);
      }
    }
    Map<Digest, SequencedSet<String>> layers = new HashMap<>();
    List<FileRecord.Entry> found = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (PlatformImage image : PlatformImage.all(source, platforms)) {
      Map<String, Integer> places = places(source, image, byPath.keySet());
      byPath.forEach((path, entry) -> {
        if (places.containsKey(path)) {
          int layer = places.getOrDefault(path, 0);
          layers
              .computeIfAbsent(
                  image.layers().get(layer).descriptor().digest(), _ -> new LinkedHashSet<>())
              .add(path);
          seen.add(path);
          found.add(
              new FileRecord.Entry(
                  path,
                  Optional.of(image.manifest()),
                  OptionalLong.of(layer),
                  entry.milliseconds()));
        }
      });
    }
    Map<Digest, List<String>> order = new HashMap<>();
    layers.forEach((layer, paths) -> order.put(layer, List.copyOf(paths)));
    return new RecordedFiles(
        new FileOrder(List.of(), order), new FileRecord(found), byPath.size() - seen.size());
  }

  /// Returns for each path that the image has the index of its layer.
  private static Map<String, Integer> places(
      ImageSource source, PlatformImage image, Set<String> paths) throws IOException {
    Map<String, Integer> places = new HashMap<>();
    Set<String> open = new HashSet<>(paths);
    for (int i = image.layers().size() - 1; i >= 0 && !open.isEmpty(); i--) {
      PlatformImage.Layer layer = image.layers().get(i);
      Scan scan = new Scan(open);
      try (InputStream raw = VerifiedInput.open(source.blob(layer.descriptor()), _ -> {});
          InputStream plain = LayerStream.plain(raw);
          InputStream tar = new BufferedInputStream(plain, BUFFER)) {
        scan.read(new TarReader(tar));
      } catch (MalformedLayerException e) {
        throw new IOException(
            "layer %d of %d, %s: %s"
                .formatted(
                    i + 1, image.layers().size(), layer.descriptor().digest(), e.getMessage()),
            e);
      }
      for (String path : scan.files) {
        places.put(path, i);
      }
      open.removeIf(path -> scan.files.contains(path) || scan.hides(path));
    }
    return places;
  }

  /// What one layer says of the paths that are looked for.
  private static final class Scan {
    private final Set<String> wanted;

    /// The paths and all directories above them.
    private final Set<String> relevant = new HashSet<>();

    private final Set<String> files = new HashSet<>();
    private final Set<String> hidden = new HashSet<>();

    private Scan(Set<String> wanted) {
      this.wanted = wanted;
      for (String path : wanted) {
        for (String at = path; !at.isEmpty() && relevant.add(at); at = parent(at)) {
          // its directory next
        }
      }
      relevant.add("");
    }

    private void read(TarReader tar) throws IOException {
      for (Optional<TarEntry> next = tar.next(); next.isPresent(); next = tar.next()) {
        add(clean(next.get().name()), next.get().type());
      }
    }

    private void add(String name, TarEntry.Type type) {
      String last = name.substring(name.lastIndexOf('/') + 1);
      if (last.equals(OPAQUE)) {
        // hides what lies below the directory, not the directory
        hide(parent(name).isEmpty() ? "/" : parent(name) + "/");
      } else if (last.startsWith(WHITEOUT)) {
        String directory = parent(name);
        String removed = last.substring(WHITEOUT.length());
        hide(directory.isEmpty() ? removed : directory + "/" + removed);
      } else if (type == TarEntry.Type.FILE || type == TarEntry.Type.HARD_LINK) {
        if (wanted.contains(name)) {
          files.add(name);
        } else {
          hide(name);
        }
      } else if (type != TarEntry.Type.DIRECTORY || wanted.contains(name)) {
        files.remove(name);
        hide(name);
      }
    }

    private void hide(String name) {
      String place = name.endsWith("/") ? name.substring(0, name.length() - 1) : name;
      if (relevant.contains(place)) {
        hidden.add(name);
      }
    }

    private boolean hides(String path) {
      if (hidden.contains(path)) {
        return true;
      }
      for (String at = parent(path); !at.isEmpty(); at = parent(at)) {
        if (hidden.contains(at) || hidden.contains(at + "/")) {
          return true;
        }
      }
      return hidden.contains("/");
    }
  }

  private static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }

  /// As the TOC has it: relative, without empty, `.` and `..` components.
  private static String clean(String name) {
    Deque<String> parts = new ArrayDeque<>();
    for (String part : name.split("/", -1)) {
      switch (part) {
        case "", "." -> {}
        case ".." -> parts.pollLast();
        default -> parts.addLast(part);
      }
    }
    return String.join("/", parts);
  }
}
