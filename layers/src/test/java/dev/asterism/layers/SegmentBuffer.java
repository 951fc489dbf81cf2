package dev.asterism.layers;

import dev.asterism.fuse.ReadBuffer;
import java.lang.foreign.MemorySegment;

/// Where a read's bytes go that no kernel asked for.
record SegmentBuffer(MemorySegment segment) implements ReadBuffer {
  @Override
  public int size() {
    return (int) segment.byteSize();
  }
}
