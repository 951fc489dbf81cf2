package dev.asterism.layers;

import dev.asterism.estargz.Chunk;
import dev.asterism.estargz.Landmark;
import dev.asterism.estargz.TocEntry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// What a layer says of itself about prefetching, by its landmarks. Immutable.
///
/// Kept beside the compiled layer as one line of text. A layer that an older version compiled has
/// no such line: it is [Unsaid].
sealed interface PrefetchMark {
  /// What starts before this compressed offset of the blob is needed by a start.
  ///
  /// @param offset where the landmark's own member starts, in bytes
  record UpTo(long offset) implements PrefetchMark {}

  /// Nothing of this layer is needed at once.
  record Nothing() implements PrefetchMark {}

  /// The layer has no landmark: the label or the configuration says how much.
  record Unsaid() implements PrefetchMark {}

  /// The longest line that makes sense, in bytes: "upto " and a number.
  int MAX_LINE = 32;

  /// Returns what is known after another row of the TOC. As in the stargz snapshotter, the landmark
  /// that forbids wins.
  default PrefetchMark with(TocEntry entry) {
    if (!(entry instanceof TocEntry.RegularFile file) || this instanceof Nothing) {
      return this;
    }
    return switch (file.name()) {
      case Landmark.NO_PREFETCH -> new Nothing();
      case Landmark.PREFETCH ->
          file.chunks().stream().findFirst().map(PrefetchMark::at).orElse(this);
      default -> this;
    };
  }

  private static PrefetchMark at(Chunk chunk) {
    return new UpTo(chunk.blobOffset());
  }

  /// Writes it.
  default void write(Path file) throws IOException {
    String line =
        switch (this) {
          case UpTo(long offset) -> "upto " + offset;
          case Nothing _ -> "nothing";
          case Unsaid _ -> "unsaid";
        };
    Files.writeString(file, line + "\n", StandardCharsets.US_ASCII);
  }

  /// Reads it; a file that is not there, or holds something else, says nothing.
  static PrefetchMark read(Path file) throws IOException {
    String line;
    try {
      line = Files.size(file) > MAX_LINE ? "" : Files.readString(file).strip();
    } catch (NoSuchFileException _) {
      return new Unsaid();
    }
    if (line.equals("nothing")) {
      return new Nothing();
    }
    return line.matches("upto [0-9]{1,18}")
        ? new UpTo(Long.parseLong(line.substring("upto ".length())))
        : new Unsaid();
  }
}
