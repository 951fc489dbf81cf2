package dev.asterism.cli.warm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WarmCodeTest {
  @TempDir private Path lib;

  @Test
  void fits_nothingThere_isFalse() throws IOException {
    assertThat(new WarmCode(lib).fits()).isFalse();
  }

  @Test
  void fits_madeOfTheseJars_isTrue() throws IOException {
    assertThat(installed().fits()).isTrue();
    assertThat(lib.resolve("asterism.aot")).hasContent("recorded");
  }

  @Test
  void fits_jarOfAnotherTime_isFalse() throws IOException {
    WarmCode code = installed();

    Files.setLastModifiedTime(lib.resolve("a.jar"), FileTime.from(Instant.EPOCH));

    assertThat(code.fits()).isFalse();
  }

  @Test
  void fits_jarMore_isFalse() throws IOException {
    WarmCode code = installed();

    Files.writeString(lib.resolve("b.jar"), "b");

    assertThat(code.fits()).isFalse();
  }

  @Test
  void fits_fileTakenAway_isFalse() throws IOException {
    WarmCode code = installed();

    Files.delete(code.file());

    assertThat(code.fits()).isFalse();
  }

  @Test
  void install_overAnOlderOne_replacesIt() throws IOException {
    WarmCode code = installed();
    Files.writeString(lib.resolve("b.jar"), "b");

    code.install(Files.writeString(lib.resolve("new.aot"), "recorded anew"));

    assertThat(code.fits()).isTrue();
    assertThat(code.file()).hasContent("recorded anew");
  }

  @Test
  void of_classesInAFolder_isEmpty() {
    assertThat(WarmCode.of(WarmCodeTest.class)).isEmpty();
  }

  private WarmCode installed() throws IOException {
    Files.writeString(lib.resolve("a.jar"), "a");
    WarmCode code = new WarmCode(lib);
    code.install(Files.writeString(lib.resolve("new.aot"), "recorded"));
    return code;
  }
}
