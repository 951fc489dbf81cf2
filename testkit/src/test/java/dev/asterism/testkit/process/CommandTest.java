package dev.asterism.testkit.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandTest {
  @Test
  void run_inputLargerThanAnyPipe_comesBackWhole() throws Exception {
    byte[] input = "line\n".repeat(100_000).getBytes(UTF_8);

    assertThat(Command.of("cat").withInput(input).run().out()).isEqualTo(input);
  }

  @Test
  void runOrThrow_failure_saysWhatItSaid() {
    assertThatThrownBy(() -> Command.of("sh", "-c", "echo broken >&2; exit 3").runOrThrow())
        .isInstanceOf(IOException.class)
        .hasMessage("exit code 3: sh -c echo broken >&2; exit 3: broken");
  }

  @Test
  void run_deadlinePassed_endsDescendantsToo(@TempDir Path temporary) throws Exception {
    Command slow =
        Command.of("sh", "-c", "sleep 1000 & echo $! > pid; wait")
            .in(temporary)
            .within(Duration.ofSeconds(3)); // by then a busy machine has started it

    assertThatThrownBy(slow::run).isInstanceOf(IOException.class).hasMessageContaining("PT3S");
    long pid = Long.parseLong(Command.of("cat", "pid").in(temporary).run().text());
    assertThat(ProcessHandle.of(pid).filter(ProcessHandle::isAlive)).isEmpty();
  }

  @Test
  void close_steps_areUndoneLastFirstAndOnce() throws Exception {
    List<String> undone = new ArrayList<>();
    Cleanup cleanup = Cleanup.open();
    cleanup.add(() -> undone.add("first"));
    cleanup.add(() -> {
      throw new IOException("stuck");
    });
    cleanup.add(() -> undone.add("last"));

    assertThatThrownBy(cleanup::close).hasMessage("stuck");
    cleanup.close();

    assertThat(undone).containsExactly("last", "first");
    assertThatThrownBy(() -> cleanup.add(() -> undone.add("late"))).isInstanceOf(IOException.class);
    assertThat(undone).containsExactly("last", "first", "late");
  }
}
