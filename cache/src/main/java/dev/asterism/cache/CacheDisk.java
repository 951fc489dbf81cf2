package dev.asterism.cache;

import dev.asterism.cache.index.LinksDisk;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.Optional;

/// The disk under a cache: the few system calls that the store is made of.
///
/// A port, so that tests can let any of them fail. Those that return an `int` return an errno of
/// `linux`, 0 for success, because the store expects some failures on its fast path. Paths are
/// absolute. Thread-safe.
public interface CacheDisk extends LinksDisk, AutoCloseable {
  /// Creates a file of mode 0444 that holds `bytes`. After a failure a part of it may stand there.
  int create(String path, byte[] bytes);

  /// Creates an empty file that only its owner may read and write, open for both.
  @Override
  FileChannel createOpen(String path) throws IOException;

  /// Takes the right to write a file from everybody: mode 0444.
  int seal(String path);

  /// Opens a file for reading.
  FileChannel open(String path) throws IOException;

  /// link(2).
  int link(String existing, String name);

  /// rename(2): over whatever stands at `to`.
  @Override
  int rename(String from, String to);

  /// renameat2(2): `EEXIST` if something stands at `to`; `EINVAL` if the file system has no such
  /// call.
  int renameNew(String from, String to);

  /// unlink(2).
  @Override
  int unlink(String path);

  /// mkdir(2) with mode 0700.
  int makeDirectory(String path);

  /// Returns what stands at `path`, empty if nothing does.
  Optional<FileStatus> status(String path) throws IOException;

  /// Lets a range of `to` share the blocks of `from`, as [dev.asterism.linux.Copies] describes.
  int cloneRange(String from, long fromOffset, long length, String to, long toOffset);

  /// Writes a small file, over one that is there, and returns when its name and bytes are on the
  /// disk. After a failure, or if the machine stops meanwhile, it may hold anything.
  void writeDurably(String path, byte[] bytes) throws IOException;

  /// Returns when all that was written before is on the disk. Blocks: platform threads only.
  ///
  /// @throws IOException if it is not known to be; also for a write-back that failed earlier
  void sync() throws IOException;

  /// Returns the room on this file system.
  Space space() throws IOException;

  /// Tells whether changes of names reach the disk in their order, in whatever directories they
  /// are: then a stop of the machine keeps some first of them. Else each may be lost for itself
  /// until it is synced.
  boolean keepsOrder();

  /// Returns a text that names what the kernel holds of this file system in memory: another one
  /// after each start of the machine and each mount.
  String pageCacheId() throws IOException;

  @Override
  void close() throws IOException;
}
