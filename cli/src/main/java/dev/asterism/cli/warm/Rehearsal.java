package dev.asterism.cli.warm;

import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Makes [WarmCode]: a daemon of this very program, under a Java that records what it does, serves
/// the pulls and reads of made-up images, and leaves the file when it stops.
///
/// Needs root, as every daemon does. Leaves nothing but the file, also when it is interrupted.
public final class Rehearsal {
  /// Java puts the file together after the daemon has stopped: seconds of one core.
  private static final Duration ASSEMBLY = Duration.ofMinutes(5);

  private static final int PULLS = 3;

  private final WarmCode code;
  private final List<String> ownProgram;

  /// @param ownProgram the words that start `asterism`, as [WarmCode] is to be used with them
  public Rehearsal(WarmCode code, List<String> ownProgram) {
    this.code = code;
    this.ownProgram = List.copyOf(ownProgram);
  }

  /// Runs it, in some 20 seconds, and puts the file in place.
  ///
  /// @throws IOException if the daemon does not work here; the old file stays then
  public void run() throws IOException, InterruptedException {
    Path made = Files.createTempFile(code.lib(), "new-", ".aot");
    try (Cleanup cleanup = Cleanup.open()) {
      cleanup.add(() -> Files.deleteIfExists(made));
      Files.delete(made); // Java wants to make it
      ScratchFolder scratch = ScratchFolder.create("asterism-warm");
      cleanup.add(scratch::close);
      TestRegistry registry = TestRegistry.start();
      cleanup.add(registry::close);
      Path socket = scratch.path().resolve("daemon.sock");
      Path log = scratch.path().resolve("daemon.log");
      Daemon daemon = Daemon.start(recording(made, socket, scratch.path()), socket, log);
      cleanup.add(daemon::close);
      try (SnapshotsCalls calls = new SnapshotsCalls(socket)) {
        for (int i = 0; i < PULLS; i++) {
          new RehearsalPull(registry, calls, scratch.path()).run(i);
        }
      }
      end(daemon);
      if (!Files.exists(made)) {
        throw new IOException("Java made no file: " + Files.readString(log).strip());
      }
      code.install(made);
    }
  }

  private Command recording(Path made, Path socket, Path scratch) {
    List<String> words = ownProgram.stream().filter(word -> !word.startsWith("-XX:AOT")).toList();
    return Command.of(words.getFirst(), "-XX:AOTCacheOutput=" + made)
        .with(words.subList(1, words.size()).toArray(String[]::new))
        .with("daemon", "--no-exercise", "--unmount-on-exit", "--address", socket.toString())
        .with("--root", scratch.resolve("root").toString())
        .with("--log-format", "json");
  }

  private static void end(Daemon daemon) throws IOException, InterruptedException {
    ProcessHandle process =
        ProcessHandle.of(daemon.pid()).orElseThrow(() -> new IOException("the daemon has ended"));
    process.destroy();
    try {
      process.onExit().get(ASSEMBLY.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new IOException("Java has not made the file within " + ASSEMBLY, e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }
}
