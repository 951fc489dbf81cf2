package dev.asterism.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FdTest {
  @TempDir Path dir;

  @Test
  void pread_middleOfFile_returnsThoseBytes() throws Exception {
    Path file = Files.writeString(dir.resolve("file"), "abcdef");
    try (Fd fd = Fd.openReadOnly(file);
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(3);
      assertThat(fd.pread(buffer, 2)).isEqualTo(3);
      assertThat(buffer.toArray(ValueLayout.JAVA_BYTE)).asString().isEqualTo("cde");
      assertThat(fd.pread(buffer, 5)).isEqualTo(1);
      assertThat(fd.pread(buffer, 6)).isZero();
    }
  }

  @Test
  void write_thenRead_goThroughOneDescriptor() throws Exception {
    Path file = Files.writeString(dir.resolve("file"), "......");
    try (Fd fd = Fd.openReadWrite(file);
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocateFrom("xyz").asSlice(0, 3);
      assertThat(fd.write(buffer)).isEqualTo(3);
      assertThat(fd.read(buffer)).isEqualTo(3);
      assertThat(buffer.toArray(ValueLayout.JAVA_BYTE)).asString().isEqualTo("...");
    }
    assertThat(file).hasContent("xyz...");
  }

  @Test
  void openReadOnly_noSuchFile_isEnoentWithThePath() {
    Path missing = dir.resolve("missing");
    assertThatThrownBy(() -> Fd.openReadOnly(missing))
        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.is(Errno.ENOENT)).isTrue())
        .hasMessageContaining(missing.toString());
  }

  @Test
  void pread_afterClose_isEbadfAndNoOtherFilesBytes() throws Exception {
    Path file = Files.writeString(dir.resolve("file"), "a");
    Fd closed = Fd.openReadOnly(file);
    closed.close();
    closed.close();
    try (Fd reused = Fd.openReadOnly(file);
        Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> closed.pread(arena.allocate(1), 0))
          .isInstanceOfSatisfying(
              ErrnoException.class, e -> assertThat(e.is(Errno.EBADF)).isTrue());
      assertThat(reused.pread(arena.allocate(1), 0)).isEqualTo(1);
    }
  }

  @Test
  void close_whileACallUsesIt_waitsForTheCall() throws Exception {
    Fd fd = Fd.openReadOnly(Files.writeString(dir.resolve("file"), "a"));
    Path link = Path.of("/proc/self/fd/" + fd.number());
    fd.use("test");
    fd.close();
    assertThat(Files.readSymbolicLink(link)).isEqualTo(dir.resolve("file").toRealPath());
    fd.unuse();
    assertThat(link).doesNotExist();
  }
}
