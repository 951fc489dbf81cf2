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
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiPredicate;

/// The names that an image's layers make together, each with the topmost layer that has it: what a
/// layer above removes, or puts something else in the place of, is not there. Memory grows with the
/// names. Immutable once read; confined to one thread.
final class ImageTree {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";
  private static final int BUFFER = 64 << 10; // 64 KiB
  private static final int MAX_LINKS = 40; // as Linux has it

  private final NavigableMap<String, Node> nodes = new TreeMap<>();

  private ImageTree() {}

  /// What a name stands for.
  sealed interface Node {
    /// A regular file, or another name of one.
    ///
    /// @param layer index of its layer, 0 is the lowest
    /// @param size bytes; of another name, of the file it names
    /// @param digest of its content, where it was asked for
    record File(int layer, long size, Optional<Digest> digest) implements Node {}

    /// A symbolic link.
    record Symlink(String target) implements Node {}

    /// A directory.
    record Directory() implements Node {}

    /// A device or a FIFO.
    record Special() implements Node {}
  }

  /// Reads all layers of an image, each once.
  ///
  /// @param hashed tells of a path and a size whether the file's digest will be asked for
  /// @throws IOException if a layer can't be read; names it
  static ImageTree read(ImageSource source, PlatformImage image, BiPredicate<String, Long> hashed)
      throws IOException {
    ImageTree tree = new ImageTree();
    for (int i = 0; i < image.layers().size(); i++) {
      PlatformImage.Layer layer = image.layers().get(i);
      Layer read = new Layer(i, hashed);
      try (InputStream raw = VerifiedInput.open(source.blob(layer.descriptor()), _ -> {});
          InputStream plain = LayerStream.plain(raw);
          InputStream tar = new BufferedInputStream(plain, BUFFER)) {
        read.read(new TarReader(tar));
      } catch (MalformedLayerException e) {
        throw new IOException(
            "layer %d of %d, %s: %s"
                .formatted(
                    i + 1, image.layers().size(), layer.descriptor().digest(), e.getMessage()),
            e);
      }
      tree.add(read);
    }
    return tree;
  }

  private void add(Layer above) {
    above.opaque.forEach(this::removeBelow);
    above.removed.forEach(this::remove);
    above.nodes.forEach((name, node) -> {
      if (!(node instanceof Node.Directory)) {
        removeBelow(name);
      }
      for (String at = parent(name); !at.isEmpty(); at = parent(at)) {
        if (!above.nodes.containsKey(at)) {
          nodes.computeIfPresent(
              at, (_, below) -> below instanceof Node.File ? new Node.Directory() : below);
        }
      }
      nodes.put(name, node);
    });
  }

  private void remove(String name) {
    nodes.remove(name);
    removeBelow(name);
  }

  private void removeBelow(String directory) {
    if (directory.isEmpty()) {
      nodes.clear();
    } else {
      nodes.subMap(directory + "/", directory + "0").clear(); // '0' follows '/'
    }
  }

  /// Returns all names with what they stand for, in the order of their characters.
  Map<String, Node> nodes() {
    return nodes;
  }

  /// Follows symbolic links, within the image; returns the path of the regular file at their end.
  Optional<String> file(String path) {
    Deque<String> todo = new ArrayDeque<>(List.of(path.split("/", -1)));
    String at = "";
    for (int links = 0; !todo.isEmpty(); ) {
      String part = todo.pop();
      if (part.equals("..")) {
        at = parent(at);
      } else if (!part.isEmpty() && !part.equals(".")) {
        String next = at.isEmpty() ? part : at + "/" + part;
        if (nodes.get(next) instanceof Node.Symlink(String target)) {
          if (++links > MAX_LINKS) {
            return Optional.empty();
          }
          at = target.startsWith("/") ? "" : at;
          List.of(target.split("/", -1)).reversed().forEach(todo::push);
        } else {
          at = next;
        }
      }
    }
    return nodes.get(at) instanceof Node.File ? Optional.of(at) : Optional.empty();
  }

  /// What one layer says.
  private static final class Layer {
    private final int index;
    private final BiPredicate<String, Long> hashed;
    private final Map<String, Node> nodes = new HashMap<>();
    private final List<String> removed = new ArrayList<>();
    private final List<String> opaque = new ArrayList<>();

    private Layer(int index, BiPredicate<String, Long> hashed) {
      this.index = index;
      this.hashed = hashed;
    }

    private void read(TarReader tar) throws IOException {
      for (Optional<TarEntry> next = tar.next(); next.isPresent(); next = tar.next()) {
        TarEntry entry = next.get();
        String name = clean(entry.name());
        String last = name.substring(name.lastIndexOf('/') + 1);
        if (last.equals(OPAQUE)) {
          opaque.add(parent(name));
        } else if (last.startsWith(WHITEOUT)) {
          removed.add(join(parent(name), last.substring(WHITEOUT.length())));
        } else if (!name.isEmpty() && !Landmark.isBookkeeping(name)) {
          nodes.put(name, node(name, entry, tar));
        }
      }
    }

    private Node node(String name, TarEntry entry, TarReader tar) throws IOException {
      return switch (entry.type()) {
        case FILE -> new Node.File(index, entry.size(), digest(name, entry.size(), tar));
        case HARD_LINK ->
            nodes.get(clean(entry.linkName())) instanceof Node.File(_, long size, var digest)
                ? new Node.File(index, size, digest)
                : new Node.File(index, -1, Optional.empty());
        case SYMLINK -> new Node.Symlink(entry.linkName());
        case DIRECTORY -> new Node.Directory();
        case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> new Node.Special();
      };
    }

    private Optional<Digest> digest(String name, long size, TarReader tar) throws IOException {
      if (!hashed.test(name, size)) {
        return Optional.empty();
      }
      return Optional.of(new VerifiedInput(tar.content(), _ -> {}).finish());
    }
  }

  private static String join(String directory, String name) {
    return directory.isEmpty() ? name : directory + "/" + name;
  }

  /// Returns the directory of a path; empty for the root.
  static String parent(String path) {
    return path.substring(0, Math.max(0, path.lastIndexOf('/')));
  }

  /// As the TOC has it: relative, without empty, `.` and `..` components.
  static String clean(String name) {
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
