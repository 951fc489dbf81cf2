package dev.asterism.cache;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Everything that is done to a disk, in its order, to be done again up to any point. The disk
/// itself is never asked to sync: here that is a step like any other. Thread-safe.
final class DiskRecording {
  /// One change. Immutable.
  record Step(String text, Consumer<DiskImage> change) {}

  private final Path root;
  private final String pageCacheId;
  private final boolean keepsOrder;
  private final List<Step> steps = new ArrayList<>(); // guarded by this
  private int channels; // guarded by this

  /// @param root below which everything happens
  /// @param pageCacheId another one for each start of the machine
  /// @param keepsOrder what the disk says of its names
  DiskRecording(Path root, String pageCacheId, boolean keepsOrder) {
    this.root = root;
    this.pageCacheId = pageCacheId;
    this.keepsOrder = keepsOrder;
  }

  /// Returns the steps until now.
  synchronized List<Step> steps() {
    return List.copyOf(steps);
  }

  synchronized int size() {
    return steps.size();
  }

  /// Returns `real` as a disk that is recorded.
  CacheDisk wrap(CacheDisk real) {
    return (CacheDisk)
        Proxy.newProxyInstance(
            CacheDisk.class.getClassLoader(),
            new Class<?>[] {CacheDisk.class},
            (_, method, arguments) -> call(real, method, arguments));
  }

  /// Held over the call, so that the order of the steps is that of the calls.
  private synchronized @Nullable Object call(
      CacheDisk real, Method method, Object @Nullable [] arguments) throws Throwable {
    Object[] given = Objects.requireNonNullElse(arguments, new Object[0]);
    return switch (method.getName()) {
      case "pageCacheId" -> pageCacheId;
      case "keepsOrder" -> keepsOrder;
      case "sync" -> {
        step("sync", DiskImage::sync);
        yield null;
      }
      case "writeDurably" -> {
        writeDurably((String) given[0], (byte[]) given[1]);
        yield null;
      }
      default -> record(method.getName(), given, invoke(real, method, given));
    };
  }

  private void writeDurably(String path, byte[] bytes) throws IOException {
    Files.write(Path.of(path), bytes);
    String name = name(path);
    step("write " + name, image -> image.overwrite(name, bytes));
    step("fsync " + name, image -> image.synced(name));
    String directory = name(Path.of(path).resolveSibling("").toString());
    step("fsync directory of " + name, image -> image.syncDirectory(directory));
  }

  private static @Nullable Object invoke(CacheDisk real, Method method, Object[] given)
      throws Throwable {
    try {
      return method.invoke(real, given);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }

  private @Nullable Object record(String call, Object[] given, @Nullable Object result) {
    if (result instanceof FileChannel channel && call.equals("createOpen")) {
      return new RecordedChannel(channel, opened(name((String) given[0])));
    }
    if (!(result instanceof Integer errno) || errno != 0) {
      return result;
    }
    String first = name((String) given[0]);
    switch (call) {
      case "create" -> {
        byte[] bytes = ((byte[]) given[1]).clone();
        step("create " + first, image -> image.create(first, bytes));
      }
      case "seal" -> step("seal " + first, image -> image.seal(first));
      case "link" -> {
        String second = name((String) given[1]);
        step("link %s %s".formatted(first, second), image -> image.link(first, second));
      }
      case "rename", "renameNew" -> {
        String second = name((String) given[1]);
        step("rename %s %s".formatted(first, second), image -> image.rename(first, second));
      }
      case "unlink" -> step("unlink " + first, image -> image.unlink(first));
      case "makeDirectory" -> step("mkdir " + first, image -> image.makeDirectory(first));
      default -> throw new IllegalStateException("a change that is not recorded: " + call);
    }
    return result;
  }

  private int opened(String name) {
    int number = channels++;
    step("open " + name, image -> image.createOpen(name, number));
    return number;
  }

  private void step(String text, Consumer<DiskImage> change) {
    steps.add(new Step(text, change));
  }

  private String name(String path) {
    return root.relativize(Path.of(path)).toString();
  }

  /// A file that is written piece by piece.
  private final class RecordedChannel extends FileChannelBeside {
    private final int number;

    RecordedChannel(FileChannel real, int number) {
      super(real);
      this.number = number;
    }

    @Override
    public int write(ByteBuffer bytes, long position) throws IOException {
      synchronized (DiskRecording.this) {
        byte[] copy = new byte[bytes.remaining()];
        bytes.duplicate().get(copy);
        int count = super.write(bytes, position);
        step(
            "write %d bytes".formatted(count),
            image -> image.write(number, position, Arrays.copyOf(copy, count)));
        return count;
      }
    }

    @Override
    public void force(boolean metadata) {
      synchronized (DiskRecording.this) {
        step("fsync", image -> image.force(number));
      }
    }
  }
}
