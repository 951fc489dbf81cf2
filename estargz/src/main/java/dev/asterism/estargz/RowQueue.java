package dev.asterism.estargz;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/// Rows of the TOC that wait for what they say: where their member went, and what it hashed to.
///
/// Rows leave in the order they came in. Confined to one thread.
final class RowQueue {
  /// Takes rows that are complete.
  interface Target {
    /// Takes a row; it is not used again.
    void add(TocRow row) throws IOException;
  }

  private final Target target;
  private final Deque<Waiting> waiting = new ArrayDeque<>();

  RowQueue(Target target) {
    this.target = target;
  }

  /// Where a chunk is: in which member, and which of it.
  record Place(Member member, int payload) {}

  /// The digest of a file of several chunks, known when its last byte was read.
  static final class WholeFile {
    private String digest = "";

    /// Says what it is.
    void found(Digest found) {
      digest = found.toString();
    }
  }

  /// @param only whether the chunk is all of its file
  private record Waiting(
      TocRow row, Optional<Place> place, boolean only, Optional<WholeFile> whole) {
    boolean isComplete() {
      return place.map(p -> p.member().isWritten()).orElse(true)
          && whole.map(w -> !w.digest.isEmpty()).orElse(true);
    }
  }

  /// Adds a row that waits for nothing but those before it.
  void add(TocRow row) {
    waiting.addLast(new Waiting(row, Optional.empty(), false, Optional.empty()));
  }

  /// Adds the row of a chunk that is not a file's first.
  void addChunk(TocRow row, Place place) {
    waiting.addLast(new Waiting(row, Optional.of(place), false, Optional.empty()));
  }

  /// Adds the row of a file with its first chunk.
  ///
  /// @param whole empty for a file of one chunk: then its digest is the chunk's
  void addFile(TocRow row, Place place, Optional<WholeFile> whole) {
    waiting.addLast(new Waiting(row, Optional.of(place), whole.isEmpty(), whole));
  }

  /// Hands on the rows that are complete, up to the first that is not.
  void drain() throws IOException {
    while (!waiting.isEmpty() && waiting.getFirst().isComplete()) {
      Waiting next = waiting.removeFirst();
      complete(next);
      target.add(next.row());
    }
  }

  private static void complete(Waiting next) {
    TocRow row = next.row();
    if (next.place().isPresent()) {
      Place place = next.place().get();
      row.offset = place.member().blobOffset();
      row.innerOffset = place.member().innerOffset(place.payload());
      row.chunkDigest = place.member().digest(place.payload()).toString();
      row.digest = next.only() ? row.chunkDigest : "";
    }
    next.whole().ifPresent(whole -> row.digest = whole.digest);
  }
}
