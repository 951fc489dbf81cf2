package dev.asterism.cli.optimize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/// The kernel tells what is opened on a mount.
@Tag("kernel")
class OpenRecorderTest {
  private static final String OPENS =
      """
      cat b >/dev/null; cat a >/dev/null; cat b >/dev/null
      unshare --mount sh -c 'mount --bind . /mnt; cd /mnt; cat sub/c >/dev/null'
      timeout 10 cat fifo >/dev/null & echo >fifo; wait
      ls sub >/dev/null; stat untouched >/dev/null
      """;

  @Test
  void finish_afterOpens_hasEachFileOnceInTheOrderOfFirstOpens()
      throws IOException, InterruptedException {
    Machine.requireRootAnd("unshare", "mkfifo");
    try (ScratchFolder scratch = ScratchFolder.create("asterism-opens")) {
      Path mount = Files.createDirectory(scratch.path().resolve("mount"));
      Command.of("mount", "-t", "tmpfs", "tmpfs", mount.toString()).runOrThrow();
      Command.of("sh", "-ec", "mkdir sub; touch a b sub/c untouched 'd e'; mkfifo fifo")
          .in(mount)
          .runOrThrow();
      try (OpenRecorder recorder = OpenRecorder.start(mount)) {
        Command.of("sh", "-c", OPENS).in(mount).runOrThrow();
        Command.of("cat", "d e").in(mount).runOrThrow();

        assertThat(recorder.finish().keySet().stream().map(OpenRecorderTest::withoutMnt))
            .filteredOn(path -> !path.equals("fifo")) // kernels differ about those
            .containsExactly("b", "a", "sub/c", "d e");
      }
    }
  }

  /// In the other namespace the same file system stood at another place, which a container's never
  /// does.
  private static String withoutMnt(String path) {
    return path.replaceFirst("^mnt/", "");
  }

  @Test
  void start_onADirectoryThatIsNotThere_fails() throws InterruptedException {
    Machine.requireRootAnd();
    try (OpenRecorder _ = OpenRecorder.start(Path.of("/no/such/mount"))) {
      throw new AssertionError("it started");
    } catch (IOException e) {
      assertThat(e).hasMessageContaining("opens can't be watched").hasMessageContaining("/no/such");
    }
  }
}
