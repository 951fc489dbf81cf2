package dev.asterism.cli.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The demo, with the program as it is shipped: to its end, and ended in the middle. Whatever it
/// mounts, starts or writes has the name of the folder that it is given in its own.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class DemoTest {
  private static final String FAST = "2000mbit,1ms";

  /// The bytes of the image need more than a minute.
  private static final String SLOW = "10mbit,20ms";

  /// Keeps the folder's name short: the demo's sockets lie deep below it, and the path of a socket
  /// is 107 bytes at most.
  private static final long OWN_PID = ProcessHandle.current().pid();

  private ScratchFolder scratch;
  private Path program;
  private Path temporary;
  private Path picture;

  @BeforeEach
  void create() throws IOException, InterruptedException {
    Machine.requireRootAnd("containerd", "runc", "ctr-remote", "losetup");
    scratch = ScratchFolder.create("asterism-demo-test");
    program = Dist.create(scratch.path().resolve("asterism"));
    temporary = Files.createDirectory(scratch.path().resolveSibling("d" + OWN_PID));
    picture = scratch.path().resolve("pictures/sharing.svg");
  }

  @AfterEach
  void remove() throws IOException, InterruptedException {
    try {
      ScratchFolder.unmountBelow(temporary);
      Command.of("rm", "-rf", "--one-file-system", temporary.toString()).runOrThrow();
    } finally {
      scratch.close();
    }
  }

  private ProcessBuilder demo(String link) {
    return Command.of("env", "--default-signal=INT", program.toString())
        .with("demo", "--link", link, "--map", picture.toString())
        .withVariable("ASTERISM_JAVA_OPTS", "-Djava.io.tmpdir=" + temporary)
        .withVariable("JAVA_HOME", System.getProperty("java.home"))
        .withVariable("TMPDIR", temporary.toString())
        .in(Path.of("/"))
        .builder();
  }

  @Test
  void demo_toItsEnd_comparesAndLeavesThePictureOnly() throws Exception {
    Process demo = demo(FAST).redirectError(scratch.path().resolve("steps").toFile()).start();

    String table = new String(demo.getInputStream().readAllBytes(), UTF_8);

    assertThat(demo.waitFor()).as(Files.readString(scratch.path().resolve("steps"))).isZero();
    assertThat(table)
        .contains("version 1, nothing there", "version 2, 5 % of its bytes are new")
        .containsPattern("pull to first answer +[0-9.]+ s +[0-9.]+ s")
        .contains("every file of both read: the same bytes");
    assertThat(Files.readString(picture)).contains("<svg");
    assertNothingIsLeft();
  }

  @Test
  void demo_interruptedWhileItPulls_leavesNothing() throws Exception {
    Process demo = demo(SLOW).start();
    try (BufferedReader steps =
        new BufferedReader(new InputStreamReader(demo.getErrorStream(), UTF_8))) {
      assertThat(steps.lines().anyMatch(line -> line.contains("pulling version 1"))).isTrue();

      Command.of("kill", "-INT", String.valueOf(demo.pid())).runOrThrow();

      assertThat(demo.waitFor(1, TimeUnit.MINUTES)).isTrue();
    } finally {
      demo.destroyForcibly();
    }
    assertThat(demo.exitValue()).isNotZero();
    assertThat(picture).doesNotExist();
    assertNothingIsLeft();
  }

  private void assertNothingIsLeft() throws IOException, InterruptedException {
    assertThat(ScratchFolder.mountsBelow(temporary)).isEmpty();
    assertThat(processes()).isEmpty();
    assertThat(Command.of("losetup", "--all").runOrThrow().text())
        .doesNotContain(temporary.toString());
    assertThat(temporary).isEmptyDirectory();
  }

  /// Lists the processes that have a file of the demo among their words, or stand in its folder.
  /// Namespaces live as long as who is in them, or what is mounted of them.
  private List<String> processes() {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.map(process -> Path.of("/proc", Long.toString(process.pid())))
          .map(folder -> words(folder) + " in " + directory(folder))
          .filter(line -> line.contains(temporary.toString()))
          .toList();
    }
  }

  private static String words(Path process) {
    try {
      return Files.readString(process.resolve("cmdline"), UTF_8).replace('\0', ' ');
    } catch (IOException _) {
      return ""; // it has ended
    }
  }

  private static String directory(Path process) {
    try {
      return Files.readSymbolicLink(process.resolve("cwd")).toString();
    } catch (IOException _) {
      return "";
    }
  }
}
