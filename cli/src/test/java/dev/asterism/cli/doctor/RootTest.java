package dev.asterism.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.linux.Mounts;
import dev.asterism.testkit.process.Machine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the file system of `--root` cannot do, whatever lies under `/tmp`.
@Tag("kernel")
class RootTest {
  private static final String IMAGES = "EROFS from a file";
  private static final String ATTRIBUTES = "trusted.* attributes";
  private static final String LINKS = "hard links";

  @TempDir Path temp;
  private Path other = Path.of("");

  @BeforeEach
  void requireRoot() throws Exception {
    Machine.requireRootAnd();
    other = Files.createDirectory(temp.resolve("other"));
  }

  @AfterEach
  void unmount() throws Exception {
    if (Mounts.find(other).isPresent()) {
      Mounts.unmount(other, Mounts.MNT_DETACH);
    }
  }

  @Test
  void examine_rootInMemory_saysThatImagesCannotBeMountedThere() throws Exception {
    Mounts.mount("tmpfs", other, "tmpfs", 0, "size=4m");
    Path root = other.resolve("not/there");

    Finding images = Objects.requireNonNull(examine(root).get(IMAGES));

    assertThat(images.verdict()).isEqualTo(Finding.Verdict.FATAL);
    assertThat(images.found()).contains(root + " (tmpfs)");
    assertThat(other).isEmptyDirectory();
  }

  @Test
  void examine_rootOnADisk_isGood() throws Exception {
    assertThat(examine(temp.resolve("root")))
        .extractingByKeys(IMAGES, ATTRIBUTES, LINKS)
        .extracting(Finding::verdict)
        .containsOnly(Finding.Verdict.GOOD);
    assertThat(temp.resolve("root")).doesNotExist();
  }

  @Test
  void examine_rootWithoutAttributes_saysThatContainersNeedThem() throws Exception {
    Mounts.mount("ramfs", other, "ramfs", 0, "");

    Finding attributes = Objects.requireNonNull(examine(other).get(ATTRIBUTES));

    assertThat(attributes.verdict()).isEqualTo(Finding.Verdict.FATAL);
    assertThat(attributes.found()).contains("ramfs");
    assertThat(other).isEmptyDirectory();
  }

  @Test
  void examine_rootThatCannotBeWritten_isNoPlaceForAStore() throws Exception {
    Mounts.mount("tmpfs", other, "tmpfs", Mounts.MS_RDONLY, "size=4m");

    assertThat(examine(other))
        .extractingByKeys(IMAGES, ATTRIBUTES, LINKS)
        .extracting(Finding::verdict)
        .containsOnly(Finding.Verdict.FATAL);
  }

  private static Map<String, Finding> examine(Path root) throws Exception {
    return new Node(root)
        .examine().stream().collect(Collectors.toMap(Finding::subject, found -> found));
  }
}
