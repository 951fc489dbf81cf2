package dev.asterism.fuse;

import dev.asterism.linux.Fd;

/// A file that was opened: its handle, and the way its bytes should take.
///
/// The way is a wish. The kernel wants all handles of a node on one way at a time, so the session
/// may open a [Passthrough] file as a [Cached] one, or a [Cached] one through the backing file of
/// another handle of the node: see [OpenModes]. Whatever the file system asked for, it must be able
/// to [FileSystem#read] from the handle, and it gets one [FileSystem#release] for it.
public sealed interface Opened {
  /// The number that later requests name this open file by, at the file system's choice. One
  /// without state per handle may use the same for all.
  long handle();

  /// Through the page cache, which also keeps what earlier handles of the node have read: for
  /// content that never changes.
  record Cached(long handle) implements Opened {}

  /// Past the page cache: every `read(2)` becomes a request. The file cannot be mapped shared.
  record Direct(long handle) implements Opened {}

  /// By the kernel alone, from another file (Linux 6.9).
  ///
  /// @param backing an open regular file with the node's content and size. The file system owns it,
  ///   and keeps it open at least until `release` of this handle
  record Passthrough(long handle, Fd backing) implements Opened {}
}
