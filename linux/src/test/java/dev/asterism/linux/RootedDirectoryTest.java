package dev.asterism.linux;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RootedDirectoryTest {
  @TempDir Path dir;
  private Path root;

  @BeforeEach
  void make() throws Exception {
    root = Files.createDirectories(dir.resolve("root"));
    Files.createDirectories(root.resolve("usr/lib"));
  }

  private Path find(String path) throws Exception {
    try (RootedDirectory found = RootedDirectory.find(root, path.getBytes(UTF_8)).orElseThrow()) {
      return found.path().toRealPath();
    }
  }

  @Test
  void find_directory_isItselfByAPathOfItsOwn() throws Exception {
    assertThat(find("usr/lib")).isEqualTo(root.resolve("usr/lib").toRealPath());
    assertThat(find(".")).isEqualTo(root.toRealPath());
  }

  @Test
  void find_throughSymlinks_staysBelowTheRoot() throws Exception {
    Files.createDirectories(dir.resolve("outside"));
    Files.createSymbolicLink(root.resolve("lib"), Path.of("usr/lib"));
    Files.createSymbolicLink(root.resolve("absolute"), Path.of("/usr"));
    Files.createSymbolicLink(root.resolve("up"), Path.of("../../outside"));
    assertThat(find("lib")).isEqualTo(root.resolve("usr/lib").toRealPath());
    assertThat(find("absolute/lib")).isEqualTo(root.resolve("usr/lib").toRealPath());
    assertThat(RootedDirectory.find(root, "up".getBytes(UTF_8))).isEmpty();
  }

  @Test
  void find_nothing_isEmpty() throws Exception {
    assertThat(RootedDirectory.find(root, "usr/share/doc".getBytes(UTF_8))).isEmpty();
  }

  @Test
  void find_fileOnTheWay_isEnotdir() throws Exception {
    Files.createFile(root.resolve("file"));
    for (String path : new String[] {"file", "file/inside"}) {
      assertThatThrownBy(() -> RootedDirectory.find(root, path.getBytes(UTF_8)))
          .isInstanceOfSatisfying(
              ErrnoException.class, e -> assertThat(e.is(Errno.ENOTDIR)).isTrue());
    }
  }
}
