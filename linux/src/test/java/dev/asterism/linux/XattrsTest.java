package dev.asterism.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class XattrsTest {
  @TempDir Path dir;

  @Test
  void set_thenFindListRemove_agree() throws Exception {
    Path file = Files.createFile(dir.resolve("file"));
    byte[] value = {0, 1, (byte) 0xff};
    Xattrs.set(file, "user.one", value);
    Xattrs.set(file, "user.empty", new byte[0]);
    assertThat(Xattrs.find(file, "user.one"))
        .hasValueSatisfying(v -> assertThat(v).isEqualTo(value));
    assertThat(Xattrs.find(file, "user.empty")).hasValueSatisfying(v -> assertThat(v).isEmpty());
    assertThat(Xattrs.list(file)).contains("user.one", "user.empty");
    Xattrs.remove(file, "user.one");
    assertThat(Xattrs.find(file, "user.one")).isEmpty();
    assertThatThrownBy(() -> Xattrs.remove(file, "user.one"))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.is(Errno.ENODATA)).isTrue());
  }

  @Test
  void find_symlink_isNotFollowed() throws Exception {
    Path file = Files.createFile(dir.resolve("file"));
    Xattrs.set(file, "user.one", new byte[] {1});
    Path link = Files.createSymbolicLink(dir.resolve("link"), file);
    assertThat(Xattrs.find(link, "user.one")).isEmpty();
  }

  @Test
  void find_noSuchFile_isEnoent() {
    assertThatThrownBy(() -> Xattrs.find(dir.resolve("missing"), "user.one"))
        .isInstanceOfSatisfying(ErrnoException.class, e -> assertThat(e.is(Errno.ENOENT)).isTrue());
  }
}
