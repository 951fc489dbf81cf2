package dev.asterism.bench.convert;

import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What one command took.
///
/// @param elapsed from its start to its end
/// @param processor time of all its threads, and of children it waited for
/// @param memory bytes of its largest resident set
record Measured(Duration elapsed, Duration processor, long memory) {
  private static final long LOOK = 20; // milliseconds between two looks at its memory

  private static final Pattern TIMES =
      Pattern.compile("^([0-9.]+) ([0-9.]+) ([0-9.]+)$", Pattern.MULTILINE);

  /// Runs a command to its end.
  ///
  /// @param log gets its output
  /// @throws IOException if it fails; the message has what it said
  static Measured run(Command command, Path log) throws IOException, InterruptedException {
    // bash's own clock counts what it waits for, and nothing else.
    Command timed =
        Command.of("bash", "-c", "TIMEFORMAT='%R %U %S'; time \"$@\"", "timed")
            .with(command.builder().command().toArray(String[]::new));
    ProcessBuilder builder = timed.builder();
    builder.environment().putAll(command.builder().environment());
    Process process = builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
    long memory = 0;
    while (!process.waitFor(LOOK, TimeUnit.MILLISECONDS)) {
      List<ProcessHandle> children = process.descendants().toList();
      memory = Math.max(memory, children.stream().mapToLong(Measured::peak).sum());
    }
    String said = Files.readString(log);
    Matcher times = TIMES.matcher(said);
    if (process.exitValue() != 0 || !times.find()) {
      throw new IOException("%s: %s".formatted(command, said.strip()));
    }
    return new Measured(
        seconds(times.group(1)), seconds(times.group(2)).plus(seconds(times.group(3))), memory);
  }

  private static Duration seconds(String text) {
    return Duration.ofMillis(Math.round(Double.parseDouble(text) * 1000));
  }

  private static long peak(ProcessHandle process) {
    try {
      Optional<String> line =
          Files.readAllLines(Path.of("/proc/%d/status".formatted(process.pid()))).stream()
              .filter(each -> each.startsWith("VmHWM:"))
              .findFirst();
      return line.map(each -> Long.parseLong(each.replaceAll("[^0-9]", "")) << 10).orElse(0L);
    } catch (NoSuchFileException _) {
      return 0; // it has just ended
    } catch (IOException _) {
      return 0; // likewise
    }
  }
}
