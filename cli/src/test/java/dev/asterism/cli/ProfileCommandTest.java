package dev.asterism.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.layers.Profile;
import dev.asterism.layers.ProfileStore;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ProfileCommandTest {
  private static final Profile PROFILE =
      new Profile(
          "registry.example/app:1",
          Instant.EPOCH,
          4711,
          List.of(Digest.of(new byte[] {1})),
          List.of(
              new Profile.File(
                  12, 0, Digest.of(new byte[] {2}), 9, List.of(new ByteRange(0, 9)), "bin/app")));

  @TempDir Path temporary;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... words) {
    CommandLine commands = Asterism.commandLine();
    commands.setOut(new PrintWriter(out, true));
    commands.setErr(new PrintWriter(err, true));
    return commands.execute(words);
  }

  @Test
  void exportThenImport_otherRoot_hasTheProfileUnderTheOtherName() throws Exception {
    Path from = temporary.resolve("from");
    Path to = temporary.resolve("to");
    Path file = temporary.resolve("file");
    ProfileStore.of(from).put(PROFILE);

    assertThat(
            run("profile", "export", "-r", from.toString(), "-o", file.toString(), PROFILE.image()))
        .isZero();
    assertThat(
            run(
                "profile",
                "import",
                "-r",
                to.toString(),
                "--image",
                "other.example/app:1",
                file.toString()))
        .isZero();

    assertThat(ProfileStore.of(to).list())
        .containsExactly(PROFILE.withImage("other.example/app:1"));
  }

  @Test
  void listAndShow_oneProfile_nameImageAndFiles() throws Exception {
    ProfileStore.of(temporary).put(PROFILE);

    assertThat(run("profile", "list", "-r", temporary.toString())).isZero();
    assertThat(run("profile", "show", "-r", temporary.toString(), PROFILE.image())).isZero();

    assertThat(out.toString()).contains("registry.example/app:1  1970", "1 files", "/bin/app");
  }

  @Test
  void show_noProfile_failsInOneLine() {
    assertThat(run("profile", "show", "-r", temporary.toString(), "none"))
        .isEqualTo(ExitCode.FAILURE);
    assertThat(err.toString()).startsWith("asterism: no profile of none").hasLineCount(1);
  }

  @Test
  void import_garbage_failsAndKeepsNothing() throws Exception {
    Path file = Files.writeString(temporary.resolve("garbage"), "asterism-profile 1\n");

    assertThat(run("profile", "import", "-r", temporary.toString(), file.toString()))
        .isEqualTo(ExitCode.FAILURE);

    assertThat(err.toString()).contains(file.toString(), "checksum");
    assertThat(ProfileStore.of(temporary).list()).isEmpty();
  }
}
