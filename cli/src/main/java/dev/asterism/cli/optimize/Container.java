package dev.asterism.cli.optimize;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A container that runc runs in the foreground, without containerd. Confined to one thread.
final class Container implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(5); // between TERM and KILL
  private static final Duration GONE = Duration.ofSeconds(30);
  static final String ID = "asterism-workload";
  private static final int MAX_LINE = 64 << 10; // characters
  private static final Pattern ERROR =
      Pattern.compile("\"level\":\"error\",\"msg\":\"((?:[^\"\\\\]|\\\\.)*)\"");

  private final Path state;
  private final Path log;
  private final Process process;
  private final List<Thread> output = new ArrayList<>();
  private final CountDownLatch line = new CountDownLatch(1);

  private Container(Path state, Path log, Process process) {
    this.state = state;
    this.log = log;
    this.process = process;
  }

  /// Sees to it that there is a runc to start one with.
  ///
  /// @throws IOException if there is none
  static void requireRuntime() throws IOException {
    runtime();
  }

  private static Path runtime() throws IOException {
    String path = System.getenv().getOrDefault("PATH", "") + ":/usr/sbin:/sbin";
    return Stream.of(path.split(":"))
        .filter(folder -> !folder.isEmpty())
        .map(folder -> Path.of(folder, "runc"))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() ->
            new IOException(
                "no runc on PATH, which runs the workload: install it, or give a record of an"
                    + " earlier run with --record-in"));
  }

  /// Starts a container.
  ///
  /// @param folder an empty folder of its own, on which the bundle is made
  /// @param spec the bundle's `config.json`
  /// @param out where goes what the container prints
  /// @param wanted the text of a line to wait for
  /// @throws IOException if there is no runc
  static Container start(Path folder, byte[] spec, PrintStream out, Optional<String> wanted)
      throws IOException {
    Container container = launch(folder, spec, false);
    container.copy(container.process.getInputStream(), out, wanted);
    container.copy(container.process.getErrorStream(), out, wanted);
    return container;
  }

  /// Starts a container whose spec wants a terminal: it gets this process's.
  ///
  /// @param folder an empty folder of its own, on which the bundle is made
  /// @throws IOException if there is no runc
  static Container startOnTerminal(Path folder, byte[] spec) throws IOException {
    return launch(folder, spec, true);
  }

  private static Container launch(Path folder, byte[] spec, boolean terminal) throws IOException {
    Path bundle = Files.createDirectory(folder.resolve("bundle"));
    Path state = Files.createDirectory(folder.resolve("runc"));
    Path log = folder.resolve("runc.log");
    Files.write(bundle.resolve("config.json"), spec);
    // A session of its own: Ctrl-C is for us, the container's end is our business.
    ProcessBuilder builder =
        new ProcessBuilder(
            "setsid",
            runtime().toString(),
            "--root",
            state.toString(),
            "--log",
            log.toString(),
            "--log-format",
            "json",
            "run",
            "--bundle",
            bundle.toString(),
            ID);
    if (terminal) {
      builder.inheritIO();
    } else {
      builder.redirectInput(Path.of("/dev/null").toFile());
    }
    try {
      return new Container(state, log, builder.start());
    } catch (IOException e) {
      throw new IOException("the container can't be started: " + e.getMessage(), e);
    }
  }

  private void copy(InputStream from, PrintStream to, Optional<String> wanted) {
    output.add(Thread.ofPlatform().daemon().start(() -> copyLines(from, to, wanted)));
  }

  private void copyLines(InputStream from, PrintStream to, Optional<String> wanted) {
    try (BufferedReader in = new BufferedReader(new InputStreamReader(from, UTF_8))) {
      StringBuilder current = new StringBuilder();
      for (int c = in.read(); c >= 0; c = in.read()) {
        if (c == '\n' || current.length() == MAX_LINE) {
          to.println(current);
          wanted.filter(text -> current.indexOf(text) >= 0).ifPresent(_ -> line.countDown());
          current.setLength(0);
        }
        if (c != '\n') {
          current.append((char) c);
        }
      }
      if (!current.isEmpty()) {
        to.println(current);
        wanted.filter(text -> current.indexOf(text) >= 0).ifPresent(_ -> line.countDown());
      }
    } catch (IOException _) {
      // It ended with its pipe; its exit code tells how.
    }
  }

  /// Tells whether it has printed the line that was waited for.
  boolean hasPrintedLine() {
    return line.getCount() == 0;
  }

  /// Tells whether it has ended.
  boolean hasEnded() {
    return !process.isAlive();
  }

  /// Returns how it ended, once it has.
  int exitCode() {
    return process.exitValue();
  }

  /// Returns why runc could not run it, if it could not.
  Optional<String> trouble() throws IOException {
    if (!Files.exists(log)) {
      return Optional.empty();
    }
    Matcher error = ERROR.matcher(Files.readString(log));
    return error.find() ? Optional.of(error.group(1).replace("\\\"", "\"")) : Optional.empty();
  }

  /// Ends it: TERM, after 5 seconds KILL.
  void stop() throws IOException, InterruptedException {
    if (process.isAlive()) {
      runc("kill", ID, "TERM");
      if (!process.waitFor(PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        runc("kill", "--all", ID, "KILL");
        if (!process.waitFor(GONE.toMillis(), TimeUnit.MILLISECONDS)) {
          throw new IOException("the container does not end, its runc is process " + process.pid());
        }
      }
    }
    for (Thread each : output) {
      each.join(PATIENCE);
    }
  }

  /// Ends it, and whatever it left.
  @Override
  public void close() throws IOException {
    try {
      stop();
      runc("delete", "--force", ID);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the container was being ended", e);
    } finally {
      process.destroyForcibly();
    }
  }

  /// Runs a subcommand; what it says does not matter, as what it acts on may be gone.
  private void runc(String... words) throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(List.of(runtime().toString(), "--root", state.toString()));
    command.addAll(List.of(words));
    Process ran =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!ran.waitFor(GONE.toMillis(), TimeUnit.MILLISECONDS)) {
      ran.destroyForcibly();
    }
  }
}
