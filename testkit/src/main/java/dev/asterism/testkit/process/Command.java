package dev.asterism.testkit.process;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// A program, its arguments and the surroundings it runs in. Immutable: every `with` returns a new
/// one.
///
/// Runs in the C locale, so what it prints can be parsed. Nothing outlives [#run]: when the
/// deadline passes or the caller is interrupted, the process and its descendants are killed.
public final class Command {
  private static final Duration DEADLINE = Duration.ofMinutes(10);

  private static final Duration GONE = Duration.ofSeconds(5); // for whoever adopts them to notice

  private final List<String> words;
  private final Map<String, String> environment;
  private final Optional<Path> directory;
  private final byte[] input;
  private final Duration deadline;

  private Command(
      List<String> words,
      Map<String, String> environment,
      Optional<Path> directory,
      byte[] input,
      Duration deadline) {
    this.words = List.copyOf(words);
    this.environment = Map.copyOf(environment);
    this.directory = directory;
    this.input = input;
    this.deadline = deadline;
  }

  /// A program on PATH and its arguments; 10 minutes at most, nothing on standard input.
  public static Command of(String... words) {
    return of(List.of(words));
  }

  /// A program on PATH and its arguments; 10 minutes at most, nothing on standard input.
  public static Command of(List<String> words) {
    return new Command(words, Map.of(), Optional.empty(), new byte[0], DEADLINE);
  }

  /// The same with more arguments at its end.
  public Command with(String... more) {
    List<String> longer = new ArrayList<>(words);
    longer.addAll(List.of(more));
    return new Command(longer, environment, directory, input, deadline);
  }

  /// The same with another command as its last arguments, in the surroundings of that.
  public Command before(Command other) {
    List<String> longer = new ArrayList<>(words);
    longer.addAll(other.words);
    return new Command(longer, other.environment, other.directory, other.input, other.deadline);
  }

  /// The same with an environment variable.
  public Command withVariable(String name, String value) {
    Map<String, String> larger = new HashMap<>(environment);
    larger.put(name, value);
    return new Command(words, larger, directory, input, deadline);
  }

  /// The same in another working directory, which this process never touches.
  public Command in(Path there) {
    return new Command(words, environment, Optional.of(there), input, deadline);
  }

  /// The same with bytes on its standard input.
  public Command withInput(byte[] bytes) {
    return new Command(words, environment, directory, bytes.clone(), deadline);
  }

  /// The same with another deadline.
  public Command within(Duration limit) {
    return new Command(words, environment, directory, input, limit);
  }

  /// Runs it to its end.
  ///
  /// @throws IOException if it cannot be started, or not ended before the deadline; it is gone then
  /// @throws InterruptedException if the caller was interrupted; the process is gone
  public Outcome run() throws IOException, InterruptedException {
    Process process = builder().start();
    try {
      CompletableFuture<byte[]> out = Streams.drain(process.getInputStream());
      CompletableFuture<byte[]> err = Streams.drain(process.getErrorStream());
      try (OutputStream in = process.getOutputStream()) {
        in.write(input);
      } catch (IOException _) {
        // It ended without reading all of its input; its exit code tells whether that was right.
      }
      if (!process.waitFor(deadline.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new IOException("not ended after %s: %s".formatted(deadline, this));
      }
      return new Outcome(toString(), process.exitValue(), out.join(), err.join());
    } finally {
      killTree(process);
    }
  }

  /// Runs it to its end and insists on exit code 0.
  ///
  /// @throws IOException as [#run], and with its standard error when the exit code is another
  public Outcome runOrThrow() throws IOException, InterruptedException {
    return run().orThrow();
  }

  /// Tells how to start it, for a process that is to go on: the caller ends it.
  public ProcessBuilder builder() {
    ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(words));
    builder.environment().put("LC_ALL", "C");
    builder.environment().putAll(environment);
    directory.ifPresent(path -> builder.directory(path.toFile()));
    return builder;
  }

  private static void killTree(Process process) {
    if (!process.isAlive()) {
      return;
    }
    List<ProcessHandle> doomed = new ArrayList<>(process.descendants().toList());
    doomed.add(process.toHandle());
    doomed.forEach(ProcessHandle::destroyForcibly);
    CompletableFuture.allOf(
            doomed.stream().map(ProcessHandle::onExit).toArray(CompletableFuture[]::new))
        .completeOnTimeout(null, GONE.toMillis(), TimeUnit.MILLISECONDS)
        .join();
  }

  /// Returns the words as one would type them.
  @Override
  public String toString() {
    return String.join(" ", words);
  }
}
