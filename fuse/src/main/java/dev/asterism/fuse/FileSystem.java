package dev.asterism.fuse;

import dev.asterism.linux.Errno;
import java.io.IOException;
import java.util.List;

/// A read-only file system: what a [FuseSession] asks when the kernel asks.
///
/// Every call has a virtual thread of its own and may block for as long as it likes; calls about
/// one node, one directory, even one name run side by side. They are never interrupted. When the
/// process that asked is killed, the session answers it at once and lets the call go on; what it
/// then returns is given back through [#release] and [#forget].
///
/// A [FuseException] becomes its errno. Anything else that is thrown becomes `EIO` for that one
/// caller, and is logged once; the mount lives on.
///
/// Node 1 is the root. The kernel knows a node from the first [Entry] that names it until [#forget]
/// has taken back every one of them. Thread-safe.
public interface FileSystem {
  /// The root's node id, `FUSE_ROOT_ID` of `linux/fuse.h`.
  long ROOT = 1;

  /// Returns what `name` in the directory `parent` stands for.
  ///
  /// A listing that shows attributes too (`ls -l`) calls this for each of its names.
  ///
  /// @throws FuseException `ENOENT` if there is no such name and the kernel should ask again next
  ///   time; [Entry#absent] lets it remember
  Entry lookup(RequestContext request, long parent, Name name)
      throws IOException, InterruptedException;

  /// Returns the attributes of `node`.
  CachedAttributes getattr(RequestContext request, long node)
      throws IOException, InterruptedException;

  /// Opens a regular file for reading.
  ///
  /// @param flags as for `open(2)`, without `O_CREAT`, `O_EXCL`, `O_NOCTTY`
  Opened open(RequestContext request, long node, int flags)
      throws IOException, InterruptedException;

  /// Fills `into` from `offset` and returns how many bytes there were.
  ///
  /// @param handle as [#open] returned it
  /// @param offset into the file, not negative; may lie beyond its end
  /// @return 0 to `into.size()`; less than the size says that the file ends there
  int read(RequestContext request, long node, long handle, long offset, ReadBuffer into)
      throws IOException, InterruptedException;

  /// Forgets one open file. Nobody waits for it, and nobody hears of a failure.
  default void release(long node, long handle) throws IOException, InterruptedException {}

  /// Lists a directory, without `.` and `..`, in an order that is the same each time while the
  /// directory does not change.
  ///
  /// The kernel keeps the listing until the directory's `mtime` changes.
  default List<DirectoryEntry> readdir(RequestContext request, long node)
      throws IOException, InterruptedException {
    return List.of();
  }

  /// Returns the target of a symlink. The kernel keeps it.
  default byte[] readlink(RequestContext request, long node)
      throws IOException, InterruptedException {
    throw new FuseException(Errno.EINVAL);
  }

  /// Returns the value of an extended attribute.
  ///
  /// @throws FuseException `ENODATA` if the node has none of that name; `ENOSYS` if the file system
  ///   has none at all, then the kernel asks no more
  default byte[] getxattr(RequestContext request, long node, Name name)
      throws IOException, InterruptedException {
    throw new FuseException(Errno.ENOSYS);
  }

  /// Returns the names of the extended attributes.
  ///
  /// @throws FuseException `ENOSYS` if the file system has none at all, then the kernel asks no
  ///   more
  default List<Name> listxattr(RequestContext request, long node)
      throws IOException, InterruptedException {
    throw new FuseException(Errno.ENOSYS);
  }

  /// Returns figures of the whole file system.
  default Statfs statfs(RequestContext request) throws IOException, InterruptedException {
    return Statfs.UNCOUNTED;
  }

  /// Takes back `count` of the entries that named `node`: with the last one the kernel has
  /// forgotten it. At unmount the kernel need not say so for what it still knows.
  default void forget(long node, long count) {}
}
