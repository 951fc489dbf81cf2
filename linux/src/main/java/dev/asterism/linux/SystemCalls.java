package dev.asterism.linux;

import java.lang.invoke.MethodHandles;
import java.util.List;

/// The system calls of this package as a whole.
public final class SystemCalls {
  private static final List<Class<?>> OF_A_START =
      List.of(
          Fd.class,
          FileStatus.class,
          Links.class,
          RootedDirectory.class,
          DirectoryEntries.class,
          Sync.class,
          Mounts.class,
          FuseDevice.class,
          SharedMemory.class,
          SocketFile.class,
          Priority.class);

  private SystemCalls() {}

  /// Binds what a daemon calls as it starts, a tenth of a second of work that need not wait for
  /// anything: for a thread that has nothing else to do. What goes wrong goes wrong again at the
  /// first call, which says so.
  public static void preload() {
    MethodHandles.Lookup lookup = MethodHandles.lookup();
    for (Class<?> each : OF_A_START) {
      try {
        lookup.ensureInitialized(each);
      } catch (IllegalAccessException e) {
        throw new AssertionError("a class of this package", e);
      } catch (LinkageError _) {
        // whoever calls is told
      }
    }
  }
}
