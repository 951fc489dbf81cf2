package dev.asterism.fuse;

import java.lang.foreign.MemorySegment;

/// Where the bytes of one READ go.
///
/// The memory comes from a pool that all reads of the session share, and it is taken when
/// [#segment] is first called. So wait for the content first, then take the memory, fill it and
/// return: a read that waits for the network must not hold what others could use. Confined to the
/// thread that handles the request.
public interface ReadBuffer {
  /// Returns how many bytes the kernel asked for: 1 to the session's `maxRead`.
  int size();

  /// Returns memory of [#size] bytes, native, not zeroed. Waits while all of the pool is taken. The
  /// same memory each time; not to be used after the request's method has returned.
  MemorySegment segment();
}
