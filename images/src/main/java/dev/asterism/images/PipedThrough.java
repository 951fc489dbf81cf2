package dev.asterism.images;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/// What a program makes of a stream: it reads that on its standard input, and what it writes is
/// read here.
///
/// The end comes only after the program has ended well and its input was read to the end: any other
/// end is an `IOException` with what the program said. Once this is closed, no process, thread or
/// descriptor of it is left. Confined to one thread, which may be interrupted.
final class PipedThrough extends InputStream {
  private static final int BLOCK = 64 << 10; // 64 KiB: as much as a pipe holds
  private static final int BLOCKS_AHEAD = 8;
  private static final int MAX_COMPLAINT = 4 << 10; // 4 KiB of standard error are told

  private static final byte[] END = new byte[0];

  private final String program;
  private final Process process;
  private final BlockingQueue<byte[]> ahead = new ArrayBlockingQueue<>(BLOCKS_AHEAD);
  private final FutureTask<Void> feeding;
  private final FutureTask<Void> draining;
  private final FutureTask<String> listening;
  private final Thread feeder;
  private final Thread drainer;
  private final Thread listener;
  private byte[] block = new byte[0];
  private int from;
  private boolean ended;

  private PipedThrough(String program, Process process, InputStream in) {
    this.program = program;
    this.process = process;
    feeding = new FutureTask<>(() -> feed(in));
    draining = new FutureTask<>(this::drain);
    listening = new FutureTask<>(this::listen);
    feeder = start(feeding);
    drainer = start(draining);
    listener = start(listening);
  }

  private Thread start(FutureTask<?> task) {
    return Thread.ofPlatform().daemon().name(program).start(task);
  }

  /// Starts a program.
  ///
  /// @param in read by another thread until this has ended or is closed; not closed
  /// @throws IOException if it can't be started
  static PipedThrough start(Path program, InputStream in, String... arguments) throws IOException {
    List<String> words = new ArrayList<>();
    words.add(program.toString());
    words.addAll(List.of(arguments));
    return new PipedThrough(program.toString(), new ProcessBuilder(words).start(), in);
  }

  /// @throws IOException if the source can't be read; a program that wants no more is none: its
  ///   exit code says whether that is right
  private Void feed(InputStream in) throws IOException {
    OutputStream out = process.getOutputStream();
    byte[] bytes = new byte[BLOCK];
    try {
      int n;
      do {
        n = in.read(bytes, 0, bytes.length);
      } while (n >= 0 && isTaken(bytes, n, out));
    } catch (IOException | RuntimeException e) {
      process.destroyForcibly(); // it would take this for the end
      throw e;
    }
    closeQuietly(out);
    return null;
  }

  private static boolean isTaken(byte[] bytes, int n, OutputStream out) {
    try {
      out.write(bytes, 0, n);
      out.flush();
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  private static void closeQuietly(OutputStream out) {
    try {
      out.close();
    } catch (IOException _) {
      // it wanted no more
    }
  }

  private Void drain() throws IOException, InterruptedException {
    try (InputStream out = process.getInputStream()) {
      byte[] bytes = new byte[BLOCK];
      for (int n = out.read(bytes); n >= 0; n = out.read(bytes)) {
        ahead.put(Arrays.copyOf(bytes, n));
      }
    } catch (IOException e) {
      ahead.put(END);
      throw e;
    }
    ahead.put(END);
    return null;
  }

  private String listen() throws IOException {
    try (InputStream err = process.getErrorStream()) {
      byte[] said = err.readNBytes(MAX_COMPLAINT);
      err.transferTo(OutputStream.nullOutputStream());
      return new String(said, StandardCharsets.UTF_8).strip();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    try {
      while (from == block.length && !ended) {
        block = ahead.take();
        from = 0;
        if (block.length == 0) {
          finish();
          ended = true;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (InterruptedIOException) new InterruptedIOException(program).initCause(e);
    }
    if (ended) {
      return -1;
    }
    int n = Math.min(length, block.length - from);
    System.arraycopy(block, from, target, offset, n);
    from += n;
    return n;
  }

  /// Tells a good end from others. The source's failure comes first: the program's is its echo.
  private void finish() throws IOException, InterruptedException {
    int exit = process.waitFor();
    result(feeding);
    result(draining);
    if (exit != 0) {
      String said = result(listening);
      throw new IOException(
          "%s failed with exit code %d%s"
              .formatted(program, exit, said.isEmpty() ? "" : ": " + said));
    }
  }

  private static <T> T result(FutureTask<T> task) throws IOException, InterruptedException {
    try {
      return task.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException cause -> throw cause;
        case RuntimeException cause -> throw cause;
        case null, default -> throw new IllegalStateException(e.getCause());
      }
    }
  }

  /// Ends the program if it is not over, and waits until nobody reads the source any more.
  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    drainer.interrupt(); // it may wait for room
    boolean interrupted = false;
    for (Thread thread : List.of(feeder, drainer, listener)) {
      interrupted |= awaited(thread::join);
    }
    interrupted |= awaited(process::waitFor);
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Waits whatever interrupts it, and tells whether something did.
  private static boolean awaited(Awaited what) {
    boolean interrupted = false;
    while (true) {
      try {
        what.await();
        return interrupted;
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
  }

  private interface Awaited {
    void await() throws InterruptedException;
  }
}
