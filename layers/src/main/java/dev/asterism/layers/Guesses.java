package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What of a layer is likely to be used because something near it is, and is fetched while the link
/// has nothing better to do: small files of the same directory, then those of its kin
/// ([Neighbourhood]): who imports one module of a package goes on to others.
///
/// Only files of one chunk: their use is seen even if they come before it. Directories are taken up
/// at their first use, the latest first. A little is asked for at a time, and nothing while too
/// much of what came unasked is unused. Thread-safe.
final class Guesses {
  /// Chunks of more compressed bytes are too dear for a guess.
  private static final int SMALL = 48 << 10; // 48 KiB

  /// The use of a larger chunk, a program's or a library's, says nothing of what is beside it.
  private static final int TELLING = 256 << 10; // 256 KiB

  /// Chunks of one directory or kin that are looked at; a larger kin is none.
  private static final int MOST = 4096;

  /// Slices that are asked for at a time, and the compressed bytes of one: together they keep a
  /// link busy.
  private static final int SLICES = 2;

  private static final long SLICE = 256 << 10; // 256 KiB

  /// Directories that are remembered as taken up, and that wait for their turn.
  private static final int MOST_DIRECTORIES = 1 << 14;

  private static final int MOST_WAITING = 64;

  private final LayerContent layer;
  private final ChunkTable table;
  private final Mentions mentions;

  @GuardedBy("this")
  private final Set<ChunkTable.Run> taken = new HashSet<>();

  /// What is left of each, the latest first.
  @GuardedBy("this")
  private final Deque<ChunkTable.Run> waiting = new ArrayDeque<>();

  @GuardedBy("this")
  private int asked;

  Guesses(LayerContent layer, ChunkTable table, Mentions mentions) {
    this.layer = layer;
    this.table = table;
    this.mentions = mentions;
  }

  /// Notes the first use of a chunk.
  void used(LayerChunk chunk) {
    if (Batch.packed(chunk) <= TELLING) {
      take(table.kinOf(chunk));
      take(table.directoryOf(chunk));
    }
    ask();
  }

  private synchronized void take(ChunkTable.Run run) {
    if (run.length() > 1
        && run.length() <= MOST
        && taken.size() < MOST_DIRECTORIES
        && taken.add(run)) {
      waiting.addFirst(run);
      if (waiting.size() > MOST_WAITING) {
        waiting.removeLast();
      }
    }
  }

  /// Asks for nothing more.
  synchronized void stop() {
    waiting.clear();
  }

  private void ask() {
    for (List<LayerChunk> slice = next(); !slice.isEmpty(); slice = next()) {
      var _ = layer.fetch(slice, FetchClass.GUESS).done().thenRun(this::askAgain);
    }
  }

  /// On a thread of its own: who ends a fetch may hold up others.
  private void askAgain() {
    synchronized (this) {
      asked--;
    }
    Thread.ofVirtual().name("guess " + layer.digest()).start(this::ask);
  }

  /// Returns what to ask for next; empty if nothing now.
  private synchronized List<LayerChunk> next() {
    List<LayerChunk> slice = new ArrayList<>();
    if (asked >= SLICES || !layer.shared().scheduler().isGenerous()) {
      return slice;
    }
    long bytes = 0;
    while (bytes < SLICE && !waiting.isEmpty()) {
      ChunkTable.Run run = waiting.removeFirst();
      int place = run.from();
      while (place < run.to() && bytes < SLICE) {
        LayerChunk chunk = table.chunk(table.neighbour(place++));
        long packed = Batch.packed(chunk);
        if (packed <= SMALL
            && isWholeFile(chunk)
            && !mentions.isCompiledSource(chunk)
            && layer.isMissing(chunk.number())) {
          slice.add(chunk);
          bytes += packed;
        }
      }
      if (place < run.to()) {
        waiting.addFirst(new ChunkTable.Run(place, run.to()));
      }
    }
    asked += slice.isEmpty() ? 0 : 1;
    return slice;
  }

  private boolean isWholeFile(LayerChunk chunk) {
    return table.object(chunk.object()).isOneChunk();
  }
}
