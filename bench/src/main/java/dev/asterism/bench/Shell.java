package dev.asterism.bench;

import dev.asterism.testkit.process.Command;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// A bash that waits for work inside one running container.
///
/// Scripts are timed by that bash itself, so neither the start of a container nor a client of
/// containerd is part of a figure. Confined to one thread.
final class Shell implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(15);
  private static final String ANSWER = "@timed ";
  private static final String END = "@end";

  // What to send for one script: EPOCHREALTIME is bash's own clock, so looking at it starts
  // nothing.
  private static final String TIMED =
      "{ begin=$EPOCHREALTIME; { %s; } </dev/null; code=$?; end=$EPOCHREALTIME;"
          + " echo \""
          + ANSWER
          + "$code $begin $end\"; }\n";

  private final Process process;
  private final Writer in;
  private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();

  private Shell(Process process) {
    this.process = process;
    in = process.outputWriter(StandardCharsets.UTF_8);
  }

  /// Starts one and waits until it answers.
  ///
  /// @param run runs the container with bash in it, standard input and output connected
  /// @param log where standard error goes
  /// @throws IOException if it does not answer
  static Shell start(Command run, Path log) throws IOException, InterruptedException {
    ProcessBuilder builder = run.builder();
    builder.redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    Shell shell = new Shell(builder.start());
    Thread.startVirtualThread(shell::listen);
    try {
      shell.time("shopt -s extglob");
      return shell;
    } catch (IOException | InterruptedException e) {
      shell.kill();
      throw e;
    }
  }

  /// Runs a script to its end and returns how long it took, to the microsecond.
  ///
  /// @param script one line of bash; what it prints is ignored
  /// @throws IOException if its exit code is not 0, or the container ended, or it takes a quarter
  ///   of an hour
  Duration time(String script) throws IOException, InterruptedException {
    in.write(TIMED.formatted(script));
    in.flush();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (true) {
      String line = lines.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (line == null || line.equals(END)) {
        throw new IOException((line == null ? "no end of: " : "the container ended at: ") + script);
      }
      if (line.startsWith(ANSWER)) {
        return parse(script, line.substring(ANSWER.length()).split(" ", -1));
      }
    }
  }

  private static Duration parse(String script, String[] words) throws IOException {
    if (!words[0].equals("0")) {
      throw new IOException("exit code %s: %s".formatted(words[0], script));
    }
    BigDecimal seconds = new BigDecimal(words[2]).subtract(new BigDecimal(words[1]));
    return Duration.ofNanos(seconds.movePointRight(9).longValueExact());
  }

  private void listen() {
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      out.lines().forEach(lines::add);
    } catch (IOException | UncheckedIOException _) {
      // Its end, like any other.
    }
    lines.add(END);
  }

  /// Ends it at once; the container may go on.
  void kill() {
    process.destroyForcibly();
  }

  /// Ends bash, and with it the container, and waits for both.
  ///
  /// @throws IOException if it does not end within a minute
  @Override
  public void close() throws IOException {
    in.close();
    try {
      if (!process.waitFor(1, TimeUnit.MINUTES)) {
        throw new IOException("a container does not end");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while a container ends", e);
    } finally {
      kill();
    }
  }
}
