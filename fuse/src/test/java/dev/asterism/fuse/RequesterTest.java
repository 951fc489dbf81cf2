package dev.asterism.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RequesterTest {
  private static final String KILL = "0000000000000100";
  private static final String QUIT = "0000000000000004";
  private static final String USR1 = "0000000000000200";
  private static final String NONE = "0000000000000000";

  @TempDir Path proc;

  private static String status(
      String pending, String shared, String blocked, String ignored, String caught) {
    return "Name:\tSigPnd: ffff\nState:\tD\nSigQ:\t1/2\nSigPnd:\t%s\nShdPnd:\t%s\nSigBlk:\t%s\nSigIgn:\t%s\nSigCgt:\t%s\nCapInh:\t0\n"
        .formatted(pending, shared, blocked, ignored, caught);
  }

  @Test
  void isDying_byWhatIsPending_followsTheDefaultActions() {
    assertThat(Requester.isDying(status(NONE, NONE, NONE, NONE, NONE))).isFalse();
    assertThat(Requester.isDying(status(KILL, NONE, NONE, NONE, NONE))).isTrue();
    assertThat(Requester.isDying(status(NONE, KILL, NONE, NONE, NONE))).isTrue();
    assertThat(Requester.isDying(status(USR1, NONE, NONE, NONE, USR1))).isFalse();
    assertThat(Requester.isDying(status(NONE, QUIT, NONE, NONE, NONE))).isTrue();
    assertThat(Requester.isDying(status(NONE, QUIT, QUIT, NONE, NONE))).isFalse();
    assertThat(Requester.isDying(status(NONE, QUIT, NONE, QUIT, NONE))).isFalse();
    assertThat(Requester.isDying(status(NONE, QUIT, NONE, NONE, QUIT))).isFalse();
  }

  @Test
  void isDying_highestSignals_areParsed() {
    assertThat(Requester.isDying(status("8000000000000100", NONE, NONE, NONE, NONE))).isTrue();
  }

  @Test
  void isDying_threadThatIsGoneOrUnseen_isTrue() throws Exception {
    Requester requester = new Requester(proc);
    assertThat(requester.isDying(0)).isTrue();
    assertThat(requester.isDying(7)).isTrue();
    Path status = Files.createDirectory(proc.resolve("8")).resolve("status");
    Files.writeString(status, status(NONE, NONE, NONE, NONE, NONE));
    assertThat(requester.isDying(8)).isFalse();
  }
}
