package dev.asterism.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LinksTest {
  @TempDir Path directory;
  private String file;
  private String other;

  @BeforeEach
  void writeFile() throws IOException {
    file = Files.writeString(directory.resolve("größe"), "hello").toString();
    other = directory.resolve("other").toString();
  }

  @Test
  void tryLink_freeName_givesTheFileASecondName() throws IOException {
    assertThat(Links.tryLink(file, other)).isZero();
    FileStatus status = Links.find(other).orElseThrow();
    assertThat(status.isSameFile(Links.find(file).orElseThrow())).isTrue();
    assertThat(status.links()).isEqualTo(2);
  }

  @Test
  void tryLink_takenName_isEexist() {
    assertThat(Links.tryLink(file, file)).isEqualTo(Errno.EEXIST.number());
  }

  @Test
  void tryLink_nothingThere_isEnoent() {
    assertThat(Links.tryLink(other, other + "2")).isEqualTo(Errno.ENOENT.number());
  }

  @Test
  void link_takenName_throwsWithCallAndErrno() {
    assertThatThrownBy(() -> Links.link(file, file))
        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.is(Errno.EEXIST)).isTrue())
        .hasMessageContaining("link(")
        .hasMessageContaining(file);
  }

  @Test
  void find_file_agreesWithTheJdk() throws IOException {
    Files.setPosixFilePermissions(Path.of(file), PosixFilePermissions.fromString("r--r-----"));
    FileStatus status = Links.find(file).orElseThrow();
    Map<String, Object> unix = Files.readAttributes(Path.of(file), "unix:*");
    assertThat(status.inode()).isEqualTo(unix.get("ino"));
    assertThat(status.links()).hasToString(String.valueOf(unix.get("nlink")));
    assertThat(status.size()).isEqualTo(5);
    assertThat(status.mode()).isEqualTo(unix.get("mode"));
  }

  @Test
  void find_differentFiles_areNotTheSame() throws IOException {
    Files.createFile(Path.of(other));
    assertThat(Links.find(file).orElseThrow().isSameFile(Links.find(other).orElseThrow()))
        .isFalse();
  }

  @Test
  void find_absentOrBelowAFile_isEmpty() throws IOException {
    assertThat(Links.find(other)).isEmpty();
    assertThat(Links.find(file + "/below")).isEmpty();
  }

  @Test
  void find_loopOfSymbolicLinks_throws() throws IOException {
    Files.createSymbolicLink(Path.of(other), Path.of(other));
    assertThatThrownBy(() -> Links.find(other + "/below"))
        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.is(Errno.ELOOP)).isTrue());
  }

  @Test
  void tryRename_takenName_replacesIt() throws IOException {
    Files.writeString(Path.of(other), "old");
    assertThat(Links.tryRename(file, other)).isZero();
    assertThat(Path.of(other)).hasContent("hello");
    assertThat(Path.of(file)).doesNotExist();
  }

  @Test
  void tryRename_namesOfOneFile_leavesBoth() {
    assertThat(Links.tryLink(file, other)).isZero();
    assertThat(Links.tryRename(file, other)).isZero();
    assertThat(Path.of(file)).exists();
    assertThat(Path.of(other)).exists();
  }

  @Test
  void tryRenameNew_takenName_isEexistAndChangesNothing() throws IOException {
    Files.writeString(Path.of(other), "old");
    assertThat(Links.tryRenameNew(file, other)).isEqualTo(Errno.EEXIST.number());
    assertThat(Path.of(other)).hasContent("old");
    assertThat(Links.tryRenameNew(file, other + "2")).isZero();
  }

  @Test
  void tryUnlinkAndMkdir_tellWhatHappened() {
    assertThat(Links.tryUnlink(file)).isZero();
    assertThat(Links.tryUnlink(file)).isEqualTo(Errno.ENOENT.number());
    assertThat(Links.tryMkdir(other, 0700)).isZero();
    assertThat(Links.tryMkdir(other, 0700)).isEqualTo(Errno.EEXIST.number());
    assertThat(Links.tryUnlink(other)).isEqualTo(Errno.EISDIR.number());
  }

  @Test
  void tryCloneRange_extFileSystemOrNot_isAnErrnoOrACopy() throws IOException {
    Files.createFile(Path.of(other));
    int errno = Copies.tryCloneRange(file, 0, 5, other, 0);
    if (errno == 0) {
      assertThat(Path.of(other)).hasContent("hello");
    } else {
      assertThat(errno).isIn(Errno.EOPNOTSUPP.number(), Errno.EINVAL.number());
      assertThat(Path.of(other)).isEmptyFile();
    }
    assertThat(Copies.tryCloneRange(other + "2", 0, 5, other, 0)).isEqualTo(Errno.ENOENT.number());
  }

  @Test
  void syncfs_directoryThatIsThere_returns() throws IOException {
    try (Sync sync = Sync.open(directory.toString())) {
      sync.syncfs();
    }
    assertThatThrownBy(() -> Sync.open(other)).isInstanceOf(ErrnoException.class);
  }

  @Test
  void errnoText_failuresOfTheJdk_areRecognised() {
    assertThat(ErrnoText.find(failureOf(() -> Files.createDirectory(Path.of(file)))))
        .contains(Errno.EEXIST);
    assertThat(ErrnoText.find(failureOf(() -> Files.size(Path.of(other))))).contains(Errno.ENOENT);
    assertThat(ErrnoText.find(failureOf(() -> Files.createFile(Path.of(file + "/below")))))
        .contains(Errno.ENOTDIR);
    assertThat(ErrnoText.find(failureOf(() -> Files.write(Path.of("/dev/full"), new byte[1]))))
        .contains(Errno.ENOSPC);
    assertThat(ErrnoText.find(failureOf(() -> Links.link(file, file)))).contains(Errno.EEXIST);
    assertThat(ErrnoText.find(new IOException("something else"))).isEmpty();
  }

  private interface Action {
    void run() throws IOException;
  }

  private static IOException failureOf(Action action) {
    try {
      action.run();
    } catch (IOException e) {
      return e;
    }
    throw new AssertionError("it did not fail");
  }
}
