package dev.asterism.bench;

import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// A machine that has never seen an image: a containerd and one snapshotter, with nothing in them.
///
/// Everything lies in one folder in the system's temporary folder and is gone at [#close], which
/// also runs when the process is told to end. Confined to one thread.
final class Node implements AutoCloseable {
  private static final Pattern RECORD =
      Pattern.compile("start-recorded.*?(?<![a-z])used-bytes\"?[=:]\\s*\"?(\\d+).*");
  private static final Duration RECORD_WAIT = Duration.ofSeconds(30);
  private static final Duration COMPLETE_WAIT = Duration.ofMinutes(5);
  private static final long PAUSE = 20; // milliseconds between two looks

  private final Snapshotter snapshotter;
  private final Cleanup cleanup = Cleanup.open();
  private final Path folder;
  private Optional<Daemon> daemon;
  private final PrivateContainerd containerd;
  private int containers;

  /// Starts the daemon, if there is one, then containerd.
  ///
  /// @throws IOException if one of them does not start; nothing is left then
  static Node start(Snapshotter snapshotter) throws IOException, InterruptedException {
    return new Node(snapshotter);
  }

  private Node(Snapshotter snapshotter) throws IOException, InterruptedException {
    this.snapshotter = snapshotter;
    try {
      ScratchFolder scratch = ScratchFolder.create("asterism-bench-");
      cleanup.add(scratch::close);
      folder = scratch.path();
      Files.createDirectory(home());
      daemon = startDaemon();
      containerd =
          PrivateContainerd.start(
              folder.resolve("containerd"),
              daemon.isPresent() ? Map.of(snapshotter.name(), socket()) : Map.of());
      cleanup.add(containerd::close);
    } catch (IOException | InterruptedException e) {
      cleanup.close();
      throw e;
    }
  }

  private Path home() {
    return folder.resolve("daemon");
  }

  private Path socket() {
    return folder.resolve("s.sock");
  }

  private Optional<Daemon> startDaemon() throws IOException, InterruptedException {
    Optional<Command> command = snapshotter.daemon(home(), socket());
    if (command.isEmpty()) {
      return Optional.empty();
    }
    Daemon started = Daemon.start(command.get(), socket(), folder.resolve("daemon.log"));
    cleanup.add(started::close);
    return Optional.of(started);
  }

  /// Sends the daemon SIGKILL, and waits for its end.
  void killDaemon() throws InterruptedException {
    daemon.orElseThrow().kill();
  }

  /// Starts the daemon again, and waits until it serves containerd.
  void restartDaemon() throws IOException, InterruptedException {
    daemon = startDaemon();
  }

  /// Pulls an image the way this snapshotter wants it: whole, or its manifest and what it needs to
  /// mount it.
  void pull(String reference) throws IOException, InterruptedException {
    Command command =
        daemon.isPresent()
            ? containerd
                .ctrRemote("images", "rpull", "--plain-http")
                .with("--snapshotter", snapshotter.name())
            : containerd
                .ctr("images", "pull", "--plain-http")
                .with("--snapshotter", snapshotter.name());
    command.with(reference).runOrThrow();
  }

  /// The first line of a container.
  ///
  /// @param time when it came, as [System#nanoTime]
  /// @param transfer what had come from the registry by then
  record Answer(long time, Transfer transfer) {}

  /// Runs a container until it prints its first line; returns after its end.
  ///
  /// @param transfer asked once, when the line has come
  /// @throws IOException if it ends with another exit code than 0, or prints nothing
  Answer answer(String reference, List<String> words, Supplier<Transfer> transfer)
      throws IOException, InterruptedException {
    ProcessBuilder builder = run(reference, words).builder();
    builder.redirectError(log());
    Process process = builder.start();
    cleanup.add(process::destroyForcibly);
    try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
      String line = out.readLine();
      Answer answer = new Answer(System.nanoTime(), transfer.get());
      out.lines().forEach(_ -> {});
      if (!process.waitFor(1, TimeUnit.MINUTES) || process.exitValue() != 0 || line == null) {
        throw new IOException("no answer from %s in %s: %s".formatted(words, reference, said()));
      }
      return answer;
    }
  }

  /// Starts a container that waits for work.
  Shell shell(String reference) throws IOException, InterruptedException {
    Shell shell = Shell.start(run(reference, List.of("/bin/bash")), folder.resolve("ctr.log"));
    cleanup.add(shell::kill);
    return shell;
  }

  private Command run(String reference, List<String> words) {
    containers++;
    return containerd.run(
        snapshotter.name(),
        List.of("--rm"),
        reference,
        "bench-" + containers,
        words.toArray(String[]::new));
  }

  private ProcessBuilder.Redirect log() {
    return ProcessBuilder.Redirect.appendTo(folder.resolve("ctr.log").toFile());
  }

  private String said() throws IOException {
    String text = Files.readString(folder.resolve("ctr.log"));
    return text.substring(Math.max(0, text.length() - 1000)).strip();
  }

  /// Returns the daemon's resident memory in bytes, `VmRSS` of proc(5); empty without a daemon.
  OptionalLong residentBytes() throws IOException {
    if (daemon.isEmpty()) {
      return OptionalLong.empty();
    }
    Path status = Path.of("/proc/%d/status".formatted(daemon.get().pid()));
    for (String line : Files.readAllLines(status, StandardCharsets.ISO_8859_1)) {
      if (line.startsWith("VmRSS:")) {
        return OptionalLong.of(Long.parseLong(line.replaceAll("\\D", "")) << 10); // from KiB
      }
    }
    throw new IOException("no VmRSS in " + status);
  }

  /// Returns the processor time that the daemon has used, user's and kernel's, of all its threads;
  /// zero without a daemon.
  Duration daemonCpu() {
    return daemon
        .flatMap(running -> ProcessHandle.of(running.pid()))
        .flatMap(process -> process.info().totalCpuDuration())
        .orElse(Duration.ZERO);
  }

  /// Returns what the daemon and containerd have on disk: allocated bytes, each inode once.
  long diskBytes() throws IOException, InterruptedException {
    return DiskUse.of(home(), containerd.root());
  }

  /// Returns what the daemon's store has on disk: allocated bytes, each inode once, when nothing in
  /// it is fresh any more, some five minutes after the last chunk came; empty for a snapshotter
  /// that has none.
  OptionalLong awaitSettledStore() throws IOException, InterruptedException {
    return snapshotter instanceof Snapshotter.Asterism
        ? OptionalLong.of(DiskUse.awaitSettled(daemonRoot().resolve("cache")))
        : OptionalLong.empty();
  }

  private Path daemonRoot() {
    return home().resolve("root");
  }

  /// Waits until the daemon has written down a start, and returns how many compressed bytes that
  /// read; empty for a daemon that does not, or after half a minute.
  OptionalLong awaitStartRecord(PrintStream progress) throws IOException, InterruptedException {
    if (!(snapshotter instanceof Snapshotter.Asterism)) {
      return OptionalLong.empty();
    }
    long end = System.nanoTime() + RECORD_WAIT.toNanos();
    while (System.nanoTime() < end) {
      Matcher recorded = RECORD.matcher(Files.readString(folder.resolve("daemon.log")));
      if (recorded.find()) {
        progress.println(recorded.group());
        return OptionalLong.of(Long.parseLong(recorded.group(1)));
      }
      Thread.sleep(PAUSE);
    }
    return OptionalLong.empty();
  }

  /// Copies what the daemon has learned to a new folder and returns that.
  Path copyProfiles(Path to) throws IOException {
    Path copy = Files.createTempDirectory(to, "profiles-");
    copyFiles(daemonRoot().resolve("profiles"), copy);
    return copy;
  }

  /// Gives the daemon what another one has learned.
  void giveProfiles(Path from) throws IOException {
    copyFiles(from, Files.createDirectories(daemonRoot().resolve("profiles")));
  }

  private static void copyFiles(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  /// Waits until so many layers are marked complete.
  ///
  /// @throws IOException if they are not after five minutes
  void awaitCompleteLayers(int layers) throws IOException, InterruptedException {
    long end = System.nanoTime() + COMPLETE_WAIT.toNanos();
    while (System.nanoTime() < end) {
      try (Stream<Path> marks =
          Files.find(daemonRoot().resolve("layers"), 2, (path, _) -> path.endsWith("complete"))) {
        if (marks.count() >= layers) {
          return;
        }
      }
      Thread.sleep(PAUSE);
    }
    throw new IOException("not complete after " + COMPLETE_WAIT);
  }

  /// Ends everything and removes it.
  @Override
  public void close() throws IOException {
    cleanup.close();
  }
}
