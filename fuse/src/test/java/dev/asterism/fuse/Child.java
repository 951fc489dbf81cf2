package dev.asterism.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/// A process that touches a mount, as this one never may.
final class Child implements AutoCloseable {
  private static final long HANG = 120; // seconds that no child takes, however busy the machine

  private final Process process;
  private final Path output;

  private Child(Process process, Path output) {
    this.process = process;
    this.output = output;
  }

  /// Starts a command; its standard output and error go into one file.
  static Child start(Object... command) throws IOException {
    Path output = Files.createTempFile("child", ".out");
    Process process =
        new ProcessBuilder(Arrays.stream(command).map(Object::toString).toList())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    return new Child(process, output);
  }

  /// Starts python3 with a script whose arguments are `sys.argv[1:]`.
  static Object[] python(String script, Object... arguments) {
    Object[] command = new Object[arguments.length + 3];
    command[0] = "python3";
    command[1] = "-c";
    command[2] = script;
    System.arraycopy(arguments, 0, command, 3, arguments.length);
    return command;
  }

  /// Runs a command to its end and returns what it wrote.
  static byte[] bytes(Object... command) throws Exception {
    try (Child child = start(command)) {
      int exit = child.waitFor();
      byte[] bytes = Files.readAllBytes(child.output);
      assertThat(exit)
          .withFailMessage(
              () -> Arrays.toString(command) + " says " + new String(bytes, StandardCharsets.UTF_8))
          .isZero();
      return bytes;
    }
  }

  /// Runs a command to its end and returns its text.
  static String text(Object... command) throws Exception {
    return new String(bytes(command), StandardCharsets.UTF_8).strip();
  }

  /// Runs a command that must fail, and returns its text.
  static String failing(Object... command) throws Exception {
    try (Child child = start(command)) {
      assertThat(child.waitFor()).isNotZero();
      return child.output();
    }
  }

  /// Sends a signal, e.g. `USR1`.
  void signal(String name) throws Exception {
    text("kill", "-" + name, process.pid());
  }

  /// Waits for the end and returns the exit value; 128 + n after signal n.
  int waitFor() throws InterruptedException {
    assertThat(process.waitFor(HANG, TimeUnit.SECONDS)).as("%s ends", process.info()).isTrue();
    return process.exitValue();
  }

  String output() throws IOException {
    return Files.readString(output).strip();
  }

  /// Ends the child's standard input, on which it may be waiting.
  void proceed() throws IOException {
    process.getOutputStream().close();
  }

  long pid() {
    return process.pid();
  }

  @Override
  public void close() throws Exception {
    process.destroyForcibly();
    assertThat(process.waitFor(HANG, TimeUnit.SECONDS)).isTrue();
    Files.delete(output);
  }
}
