package dev.asterism.cli.optimize;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
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
  private static final int MAX_LINE = 64 << 10; // 64 KiB
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
  /// @param spec the bundle's `config.json`, which wants a terminal if one is attached
  /// @param out where goes what the container prints, unless a terminal is attached
  /// @param wanted the text of a line to wait for
  /// @throws IOException if there is no runc
  static Container start(
      Path folder,
      byte[] spec,
      Workload.Attached attached,
      PrintStream out,
      Optional<String> wanted)
      throws IOException {
    Container container = launch(folder, spec, attached);
    if (attached == Workload.Attached.TERMINAL) {
      // runc finds the terminal behind its standard input.
      PrintStream screen = new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8);
      container.copy(container.process.getInputStream(), screen, wanted);
    } else {
      container.copy(container.process.getInputStream(), out, wanted);
      container.copy(container.process.getErrorStream(), out, wanted);
    }
    return container;
  }

  private static Container launch(Path folder, byte[] spec, Workload.Attached attached)
      throws IOException {
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
    switch (attached) {
      case OUTPUT -> builder.redirectInput(Path.of("/dev/null").toFile());
      case INPUT -> builder.redirectInput(ProcessBuilder.Redirect.INHERIT);
      case TERMINAL ->
          builder
              .redirectInput(ProcessBuilder.Redirect.INHERIT)
              .redirectError(ProcessBuilder.Redirect.INHERIT);
    }
    try {
      return new Container(state, log, builder.start());
    } catch (IOException e) {
      throw new IOException("the container can't be started: " + e.getMessage(), e);
    }
  }

  private void copy(InputStream from, PrintStream to, Optional<String> wanted) {
    output.add(Thread.ofPlatform().daemon().start(() -> pass(from, to, wanted)));
  }

  /// Passes on what comes at once, whether or not a line ends with it.
  private void pass(InputStream from, PrintStream to, Optional<String> wanted) {
    ByteArrayOutputStream current = new ByteArrayOutputStream();
    byte[] bytes = new byte[8 << 10]; // 8 KiB
    try (from) {
      for (int n = from.read(bytes); n >= 0; n = from.read(bytes)) {
        to.write(bytes, 0, n);
        to.flush();
        for (int i = 0; wanted.isPresent() && i < n; i++) {
          if (bytes[i] == '\n' || current.size() == MAX_LINE) {
            look(current, wanted.get());
          }
          current.write(bytes[i]);
        }
      }
    } catch (IOException _) {
      // It ended with its pipe; its exit code tells how.
    }
    wanted.ifPresent(text -> look(current, text));
  }

  private void look(ByteArrayOutputStream current, String wanted) {
    if (current.toString(UTF_8).contains(wanted)) {
      line.countDown();
    }
    current.reset();
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
