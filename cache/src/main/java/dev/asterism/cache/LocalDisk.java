package dev.asterism.cache;

import static java.nio.file.attribute.PosixFilePermission.GROUP_READ;
import static java.nio.file.attribute.PosixFilePermission.OTHERS_READ;
import static java.nio.file.attribute.PosixFilePermission.OWNER_READ;
import static java.nio.file.attribute.PosixFilePermission.OWNER_WRITE;

import dev.asterism.linux.Copies;
import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoText;
import dev.asterism.linux.FileStatus;
import dev.asterism.linux.Links;
import dev.asterism.linux.Sync;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// The disk of this machine.
///
/// Names go straight to the kernel, bytes through [FileChannel]: a write may have to wait for the
/// disk, and there the JDK adds a carrier thread for the one that waits.
public final class LocalDisk implements CacheDisk {
  /// One write(2): the JDK copies heap bytes to a buffer of that size and keeps it for the thread.
  private static final int SLICE = 256 << 10; // 256 KiB

  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id"); // random(4)
  private static final Path STATUS = Path.of("/proc/self/status"); // proc(5): "Umask:" in octal

  private static final Set<PosixFilePermission> READ_ONLY =
      Set.copyOf(EnumSet.of(OWNER_READ, GROUP_READ, OTHERS_READ));
  private static final FileAttribute<Set<PosixFilePermission>> CREATE_READ_ONLY =
      PosixFilePermissions.asFileAttribute(READ_ONLY);
  private static final FileAttribute<Set<PosixFilePermission>> CREATE_PRIVATE =
      PosixFilePermissions.asFileAttribute(EnumSet.of(OWNER_READ, OWNER_WRITE));
  private static final Set<OpenOption> CREATE =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  private static final Set<OpenOption> CREATE_BOTH =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.READ);
  private static final Set<OpenOption> REPLACE =
      Set.of(
          StandardOpenOption.CREATE,
          StandardOpenOption.WRITE,
          StandardOpenOption.TRUNCATE_EXISTING);
  private static final Set<OpenOption> READ = Set.of(StandardOpenOption.READ);

  private final String root;
  private final Sync sync;
  private final boolean umaskHidesFiles;

  private LocalDisk(String root, Sync sync, boolean umaskHidesFiles) {
    this.root = root;
    this.sync = sync;
    this.umaskHidesFiles = umaskHidesFiles;
  }

  /// Takes hold of the file system that `root`, a directory, lies on: failed write-backs are
  /// reported by [#sync] from now on.
  public static LocalDisk open(Path root) throws IOException {
    boolean umaskHidesFiles = (umask() & 0444) != 0;
    return new LocalDisk(root.toString(), Sync.open(root.toString()), umaskHidesFiles);
  }

  private static int umask() throws IOException {
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith("Umask:"))
          .mapToInt(line -> Integer.parseInt(line.substring("Umask:".length()).strip(), 8))
          .findFirst()
          .orElse(0777);
    }
  }

  @Override
  public int create(String path, byte[] bytes) {
    try (FileChannel file = FileChannel.open(Path.of(path), CREATE, CREATE_READ_ONLY)) {
      for (int at = 0; at < bytes.length; ) {
        at += file.write(ByteBuffer.wrap(bytes, at, Math.min(SLICE, bytes.length - at)));
      }
      return umaskHidesFiles ? seal(path) : 0;
    } catch (IOException e) {
      return errno(e);
    }
  }

  @Override
  public FileChannel createOpen(String path) throws IOException {
    return FileChannel.open(Path.of(path), CREATE_BOTH, CREATE_PRIVATE);
  }

  @Override
  public int seal(String path) {
    try {
      Files.setPosixFilePermissions(Path.of(path), READ_ONLY);
      return 0;
    } catch (IOException e) {
      return errno(e);
    }
  }

  @Override
  public FileChannel open(String path) throws IOException {
    return FileChannel.open(Path.of(path), READ);
  }

  @Override
  public int link(String existing, String name) {
    return Links.tryLink(existing, name);
  }

  @Override
  public int rename(String from, String to) {
    return Links.tryRename(from, to);
  }

  @Override
  public int renameNew(String from, String to) {
    return Links.tryRenameNew(from, to);
  }

  @Override
  public int unlink(String path) {
    return Links.tryUnlink(path);
  }

  @Override
  public int makeDirectory(String path) {
    return Links.tryMkdir(path, 0700);
  }

  @Override
  public Optional<FileStatus> status(String path) throws IOException {
    return Links.find(path);
  }

  @Override
  public int cloneRange(String from, long fromOffset, long length, String to, long toOffset) {
    return Copies.tryCloneRange(from, fromOffset, length, to, toOffset);
  }

  @Override
  public void writeDurably(String path, byte[] bytes) throws IOException {
    try (FileChannel file = FileChannel.open(Path.of(path), REPLACE)) {
      ByteBuffer left = ByteBuffer.wrap(bytes);
      while (left.hasRemaining()) {
        file.write(left);
      }
      file.force(true);
    }
    try (FileChannel directory = FileChannel.open(Path.of(path).resolveSibling("."))) {
      directory.force(true);
    }
  }

  @Override
  public void sync() throws IOException {
    sync.syncfs();
  }

  @Override
  public Space space() throws IOException {
    FileStore store = Files.getFileStore(Path.of(root));
    return new Space(store.getTotalSpace(), store.getUsableSpace(), store.getBlockSize());
  }

  @Override
  public boolean keepsOrder() {
    return NameOrder.isKept(Path.of(root));
  }

  /// Boot and mount. The mount's number also differs between mount namespaces: then this is another
  /// text than it need be, which makes the store more careful than it need be.
  @Override
  public String pageCacheId() throws IOException {
    return "boot %s mount %d".formatted(Files.readString(BOOT_ID).strip(), Links.mountId(root));
  }

  @Override
  public void close() {
    sync.close();
  }

  private static int errno(IOException failure) {
    return ErrnoText.find(failure).orElse(Errno.EIO).number();
  }
}
