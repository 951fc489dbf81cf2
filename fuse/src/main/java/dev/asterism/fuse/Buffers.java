package dev.asterism.fuse;

import dev.asterism.fuse.wire.OutHeader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.Semaphore;

/// Memory for the answers that carry content, in three sizes, used again and again.
///
/// Bounded: who finds all buffers of a size taken waits for one. The memory is the garbage
/// collector's, so a handler that comes back after the session has ended does no harm. Thread-safe.
final class Buffers {
  private static final int SMALL = 16 << 10; // 16 KiB
  private static final int MEDIUM = 128 << 10; // 128 KiB: the kernel's usual readahead

  private final List<Shelf> shelves = new ArrayList<>();

  /// @param maxSize bytes of the largest content
  Buffers(int maxSize) {
    shelves.add(new Shelf(SMALL, 256)); // 4 MiB
    shelves.add(new Shelf(MEDIUM, 64)); // 8 MiB
    shelves.add(new Shelf(Math.max(MEDIUM, maxSize), 16)); // 16 MiB
  }

  /// Returns the place for an answer whose content has up to `size` bytes; takes no memory yet.
  ///
  /// @throws IllegalArgumentException if that is more than the largest
  Lease lease(int size) {
    for (Shelf shelf : shelves) {
      if (size >= 0 && size <= shelf.size) {
        return new Lease(shelf, size);
      }
    }
    throw new IllegalArgumentException("no buffer of " + size + " bytes");
  }

  /// Buffers of one size, the one used last on top: its pages are still in the processor's cache.
  private static final class Shelf {
    private final int size;
    private final Semaphore available;
    private final Queue<MemorySegment> free =
        Collections.asLifoQueue(new ConcurrentLinkedDeque<>());

    Shelf(int size, int count) {
      this.size = size;
      available = new Semaphore(count);
    }

    MemorySegment take() {
      available.acquireUninterruptibly();
      MemorySegment segment = free.poll();
      return segment != null ? segment : Arena.ofAuto().allocate(OutHeader.SIZE + (long) size, 64);
    }

    void giveBack(MemorySegment segment) {
      free.add(segment);
      available.release();
    }
  }

  /// One answer's memory: header and content in a row. Confined to one thread.
  static final class Lease implements ReadBuffer, AutoCloseable {
    private final Shelf shelf;
    private final int size;
    private MemorySegment memory = MemorySegment.NULL;

    private Lease(Shelf shelf, int size) {
      this.shelf = shelf;
      this.size = size;
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public MemorySegment segment() {
      return memory().asSlice(OutHeader.SIZE, size);
    }

    /// Returns header and the first `count` bytes of the content.
    MemorySegment message(int count) {
      return memory().asSlice(0, OutHeader.SIZE + (long) count);
    }

    private MemorySegment memory() {
      if (memory.byteSize() == 0) {
        memory = shelf.take();
      }
      return memory;
    }

    @Override
    public void close() {
      if (memory.byteSize() != 0) {
        shelf.giveBack(memory);
        memory = MemorySegment.NULL;
      }
    }
  }
}
