package dev.asterism.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FlockTest {
  @TempDir Path directory;

  @Test
  void tryLock_fileThatCannotBeWritten_isHeldUntilItIsClosed() throws IOException {
    Path file = Files.createFile(directory.resolve("lock"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("r--r--r--"));
    try (Flock _ = Flock.tryLock(file).orElseThrow()) {
      assertThat(Flock.tryLock(file)).isEmpty();
    }
    Flock.tryLock(file).orElseThrow().close();
  }

  @Test
  void tryLock_noFile_throws() {
    assertThatThrownBy(() -> Flock.tryLock(directory.resolve("none")))
        .isInstanceOf(ErrnoException.class)
        .hasMessageContaining("none");
  }
}
