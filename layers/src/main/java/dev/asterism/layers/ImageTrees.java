package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.content.Digest;
import dev.asterism.erofs.Content;
import dev.asterism.erofs.ErofsImage;
import dev.asterism.erofs.FileType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The trees of the chains that were mounted last: finds a path's content as a container would.
///
/// Keeps the images of a few chains mapped. Thread-safe.
final class ImageTrees implements AutoCloseable {
  private static final int MAX_CHAINS = 8;
  private static final int MAX_SYMLINKS = 40; // as the kernel

  private record Tree(Chain chain, ErofsImage image) {}

  /// The one that was mounted last is last.
  @GuardedBy("this")
  private final Map<Digest, Tree> trees = new LinkedHashMap<>(MAX_CHAINS, 0.75f, true);

  /// Notes that a chain is mounted.
  ///
  /// @param image its merged metadata
  synchronized void mounted(Chain chain, Path image) throws IOException {
    if (trees.get(chain.id()) != null) {
      return;
    }
    trees.put(chain.id(), new Tree(chain, ErofsImage.open(image)));
    Iterator<Tree> eldest = trees.values().iterator();
    while (trees.size() > MAX_CHAINS) {
      eldest.next().image().close();
      eldest.remove();
    }
  }

  /// Returns the contents of the first of some paths that is there, in an image that has a layer:
  /// the one mounted last.
  ///
  /// @param paths absolute, in order of preference
  synchronized Optional<Digest> find(Digest layer, List<String> paths) throws IOException {
    List<Tree> latestFirst = new ArrayList<>(trees.values()).reversed();
    for (Tree tree : latestFirst) {
      if (tree.chain().layers().contains(layer)) {
        for (String path : paths) {
          Optional<Digest> found = find(tree.image(), path);
          if (found.isPresent()) {
            return found;
          }
        }
      }
    }
    return Optional.empty();
  }

  /// Walks along a path, following symlinks within the image.
  private static Optional<Digest> find(ErofsImage image, String path) throws IOException {
    Deque<String> names = new ArrayDeque<>(List.of(path.split("/")));
    Deque<Long> directories = new ArrayDeque<>();
    long at = image.root();
    int symlinks = 0;
    while (!names.isEmpty()) {
      String name = names.pop();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        at = directories.isEmpty() ? image.root() : directories.pop();
        continue;
      }
      if (image.stat(at).type() != FileType.DIRECTORY) {
        return Optional.empty();
      }
      OptionalLong next = image.find(at, name.getBytes(StandardCharsets.ISO_8859_1));
      if (next.isEmpty()) {
        return Optional.empty();
      }
      if (image.stat(next.getAsLong()).type() == FileType.SYMLINK) {
        if (++symlinks > MAX_SYMLINKS) {
          return Optional.empty();
        }
        String target = new String(image.readlink(next.getAsLong()), StandardCharsets.ISO_8859_1);
        if (target.startsWith("/")) {
          directories.clear();
          at = image.root();
        }
        List.of(target.split("/")).reversed().forEach(names::push);
      } else {
        directories.push(at);
        at = next.getAsLong();
      }
    }
    return image.content(at).flatMap(ImageTrees::digestOf);
  }

  private static Optional<Digest> digestOf(Content content) {
    String path = content.path();
    return Digest.findHex(path.substring(path.lastIndexOf('/') + 1));
  }

  @Override
  public synchronized void close() {
    trees.values().forEach(tree -> tree.image().close());
    trees.clear();
  }
}
