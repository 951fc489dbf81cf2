package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.function.IntPredicate;

/// Whether somebody goes through a layer's files one behind the other, as they lie in its blob:
/// most layers were made of a tree by a walk through it, and another walk comes by the same way. A
/// program takes a few such steps by chance, one here and two there.
///
/// Steps count up, and uses elsewhere take more of them away than one step brings: a walk goes
/// through several layers at once and is sometimes led aside, and the program that walks uses files
/// itself. Thread-safe.
final class Walk {
  /// So many steps, and it is a walk. The starts that were recorded come to 7 at most.
  private static final int SEEN = 24;

  private static final int MOST = 64;

  /// As many steps a use elsewhere takes away.
  private static final int ASIDE = 4;

  /// So many unused chunks may lie between one use and the next.
  private static final int SKIPPED = 4;

  /// Nor may more than these lie there if they were used before.
  private static final int FURTHEST = 64;

  /// So many files and bytes of one walk, and all of the layer will be read.
  private static final int WHOLE_FILES = 100;

  private static final long WHOLE_BYTES = 4 << 20; // 4 MiB

  /// What was used last; before that, nothing follows.
  @GuardedBy("this")
  private int lastChunk = Integer.MAX_VALUE;

  @GuardedBy("this")
  private int lastObject = -1;

  @GuardedBy("this")
  private int steps;

  @GuardedBy("this")
  private int files;

  @GuardedBy("this")
  private long bytes;

  /// Notes the first use of a chunk.
  ///
  /// @param isUsed tells of a chunk's number whether it was used
  synchronized void used(LayerChunk chunk, IntPredicate isUsed) {
    boolean isOtherFile = chunk.object() != lastObject;
    if (follows(chunk.number(), isUsed)) {
      bytes += Batch.packed(chunk);
      if (isOtherFile) {
        files++;
        steps = Math.min(steps + 1, MOST);
      }
    } else if (isOtherFile) {
      steps = Math.max(steps - ASIDE, 0);
      if (steps == 0) {
        files = 0;
        bytes = 0;
      }
    }
    lastChunk = chunk.number();
    lastObject = chunk.object();
  }

  @GuardedBy("this")
  private boolean follows(int number, IntPredicate isUsed) {
    if (number <= lastChunk || number - lastChunk > FURTHEST) {
      return false;
    }
    int skipped = 0;
    for (int between = lastChunk + 1; between < number; between++) {
      if (!isUsed.test(between)) {
        skipped++;
      }
    }
    return skipped <= SKIPPED;
  }

  /// Returns the compressed bytes that the walk has used; 0 if there is none.
  synchronized long bytes() {
    return steps >= SEEN ? bytes : 0;
  }

  /// Tells whether the walk has used so much that all of the layer will be.
  synchronized boolean isWhole() {
    return steps >= SEEN && files >= WHOLE_FILES && bytes >= WHOLE_BYTES;
  }
}
