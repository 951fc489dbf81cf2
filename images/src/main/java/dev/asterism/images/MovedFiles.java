package dev.asterism.images;

import dev.asterism.content.Digest;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// Where an image has files that another version of it has at another path. In this order: through
/// a directory or a file that is a symbolic link now; the same content at another path, of the same
/// name if possible; the one file whose path differs in numbers alone, as `libfoo.so.1.2` and
/// `libfoo.so.1.3.1`, or `python3.11/os.py` and `python3.12/os.py`. Confined to one thread.
final class MovedFiles {
  private static final Pattern NUMBERS = Pattern.compile("[0-9]+(?:[._-][0-9]+)*");
  private static final String AMBIGUOUS = "";

  private final ImageTree tree;
  private Optional<Map<Digest, String>> byDigest = Optional.empty();
  private Optional<Map<String, String>> byShape = Optional.empty();

  MovedFiles(ImageTree tree) {
    this.tree = tree;
  }

  /// Returns the path at which the image has a file of a record.
  Optional<String> find(String path, FileRecord.Entry entry) {
    return tree.file(path).or(() -> sameContent(path, entry)).or(() -> sameShape(path));
  }

  private Optional<String> sameContent(String path, FileRecord.Entry entry) {
    if (entry.content().filter(content -> content.size() > 0).isEmpty()) {
      return Optional.empty(); // all empty files are alike
    }
    Digest digest = entry.content().get().digest();
    String name = path.substring(path.lastIndexOf('/') + 1);
    return tree.nodes().entrySet().stream()
        .filter(each ->
            each.getKey().endsWith("/" + name)
                && each.getValue() instanceof ImageTree.Node.File(_, _, Optional<Digest> its)
                && its.equals(Optional.of(digest)))
        .map(Map.Entry::getKey)
        .findFirst()
        .or(() -> Optional.ofNullable(digests().get(digest)));
  }

  private Map<Digest, String> digests() {
    if (byDigest.isEmpty()) {
      Map<Digest, String> all = new HashMap<>();
      tree.nodes()
          .forEach((path, node) -> {
            if (node instanceof ImageTree.Node.File(_, _, Optional<Digest> digest)) {
              digest.ifPresent(d -> all.putIfAbsent(d, path));
            }
          });
      byDigest = Optional.of(all);
    }
    return byDigest.get();
  }

  private Optional<String> sameShape(String path) {
    String shape = shape(path);
    if (shape.equals(path)) {
      return Optional.empty(); // no number in it
    }
    return Optional.ofNullable(shapes().get(shape)).filter(found -> !found.equals(AMBIGUOUS));
  }

  private Map<String, String> shapes() {
    if (byShape.isEmpty()) {
      Map<String, String> all = new HashMap<>();
      tree.nodes()
          .forEach((path, node) -> {
            if (node instanceof ImageTree.Node.File && !shape(path).equals(path)) {
              all.merge(shape(path), path, (_, _) -> AMBIGUOUS);
            }
          });
      byShape = Optional.of(all);
    }
    return byShape.get();
  }

  private static String shape(String path) {
    return NUMBERS.matcher(path).replaceAll("0");
  }
}
