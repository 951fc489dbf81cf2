package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// Mounting, unmounting, and what is mounted in this process's mount namespace. Thread-safe.
public final class Mounts {
  /// Nothing can be written. From here on: `linux/mount.h`.
  public static final int MS_RDONLY = 1;

  /// Set-user-id bits have no effect.
  public static final int MS_NOSUID = 2;

  /// Devices cannot be opened.
  public static final int MS_NODEV = 4;

  /// Nothing can be executed.
  public static final int MS_NOEXEC = 8;

  /// The source is a directory, to be shown in a second place.
  public static final int MS_BIND = 4096;

  /// Together with another operation: also what is mounted below.
  public static final int MS_REC = 16_384;

  /// Mounts and unmounts below stay in this namespace.
  public static final int MS_PRIVATE = 1 << 18;

  /// Fail what is waiting, where the file system can. From here on: `umount2(2)`.
  public static final int MNT_FORCE = 1;

  /// Take it out of the tree now, and end it when nobody uses it any more.
  public static final int MNT_DETACH = 2;

  /// Do not follow a symlink at the mountpoint.
  public static final int UMOUNT_NOFOLLOW = 8;

  // int mount(const char *source, const char *target, const char *filesystemtype,
  //           unsigned long mountflags, const void *data);
  private static final MethodHandle MOUNT =
      Native.downcall(
          "mount", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, ADDRESS));
  // int umount2(const char *target, int flags);
  private static final MethodHandle UMOUNT2 =
      Native.downcall("umount2", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));

  private static final Path TABLE = Path.of("/proc/self/mountinfo");

  private Mounts() {}

  /// Mounts a file system.
  ///
  /// @param source a device, a directory or a mere name, as the type wants it
  /// @param flags `MS_*`, or-ed
  /// @param options of the file system, comma-separated; at most a page less one byte
  /// @throws ErrnoException if mount(2) fails
  public static void mount(String source, Path target, String type, int flags, String options)
      throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result =
          (int)
              MOUNT.invokeExact(
                  state,
                  Native.string(arena, source),
                  Native.string(arena, target.toString()),
                  Native.string(arena, type),
                  (long) flags,
                  Native.string(arena, options));
      if (result < 0) {
        throw new ErrnoException(
            "mount(%s, %s, %s, 0x%x, %s)".formatted(source, target, type, flags, options),
            Native.errno(state));
      }
    } catch (ErrnoException | IllegalArgumentException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Unmounts what was mounted last on `target`.
  ///
  /// @param flags `MNT_*`, or-ed
  /// @throws ErrnoException if umount2(2) fails: `EBUSY` while somebody uses it, `EINVAL` if
  ///   nothing is mounted there
  public static void unmount(Path target, int flags) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result = (int) UMOUNT2.invokeExact(state, Native.string(arena, target.toString()), flags);
      if (result < 0) {
        throw new ErrnoException("umount2(%s, 0x%x)".formatted(target, flags), Native.errno(state));
      }
    } catch (ErrnoException | IllegalArgumentException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Returns what is mounted, in the kernel's order: a mount comes after the one it covers.
  public static List<Mount> table() throws IOException {
    // Latin-1 keeps bytes that are not UTF-8 from failing the read.
    List<String> lines = Files.readAllLines(TABLE, StandardCharsets.ISO_8859_1);
    return Mount.parseAll(
        lines.stream()
            .map(line ->
                new String(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
            .toList());
  }

  /// Returns the topmost mount on exactly `mountpoint`, an absolute path without symlinks. Touches
  /// only the table, so it does not block on a mount whose server is gone.
  public static Optional<Mount> find(Path mountpoint) throws IOException {
    return table().stream()
        .filter(mount -> mount.mountpoint().equals(mountpoint))
        .reduce((_, later) -> later);
  }
}
