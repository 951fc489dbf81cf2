package dev.asterism.images;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Chunk;
import dev.asterism.estargz.TocEntry;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Compares files whose chunks pass by with the digests that the TOC has of the files. Memory grows
/// with the number of files that are not whole yet: one, where chunks lie in the order of their
/// files. Used once.
final class WholeFiles {
  private final Map<String, Part> parts = new TreeMap<>();
  private final List<String> wrong = new ArrayList<>();

  /// A file of which the beginning has passed.
  private static final class Part {
    private final MessageDigest hasher = Digest.hasher();
    private long end;
  }

  /// Takes a chunk.
  ///
  /// @param bytes what the layer holds there
  void add(TocEntry.RegularFile file, Chunk chunk, byte[] bytes) {
    if (file.digest().isEmpty()) {
      return;
    }
    Part part = parts.computeIfAbsent(file.name(), _ -> new Part());
    if (part.end != chunk.fileOffset()) {
      return; // of a file in another order nothing is said: its chunks have digests of their own
    }
    part.hasher.update(bytes);
    part.end = chunk.fileEnd();
    if (part.end == file.size()) {
      parts.remove(file.name());
      if (!Optional.of(Digest.finish(part.hasher)).equals(file.digest())) {
        wrong.add(file.name());
      }
    }
  }

  /// Returns the names of files that are not what the TOC says.
  List<String> wrong() {
    return List.copyOf(wrong);
  }
}
