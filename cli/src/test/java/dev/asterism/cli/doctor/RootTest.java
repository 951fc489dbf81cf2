package dev.asterism.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.linux.Mounts;
import dev.asterism.testkit.process.Command;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the file system of `--root` cannot do, whatever lies under `/tmp`.
@Tag("kernel")
class RootTest {
  private static final String IMAGES = "EROFS from a file";
  private static final String ATTRIBUTES = "trusted.* attributes";
  private static final String LINKS = "hard links";
  private static final String ORDER = "order of names";

  @TempDir Path temp;
  private Path other = Path.of("");

  @BeforeEach
  void requireRoot() throws Exception {
    Machine.requireRootAnd("mkfs.ext4");
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

  @ParameterizedTest
  @CsvSource({"GOOD, has_journal", "COSTLY, ^has_journal"})
  void examine_rootOnExt4_saysWhatAPowerCutCostsWithoutAJournal(
      Finding.Verdict verdict, String journal) throws Exception {
    Path image = temp.resolve("image");
    Command.of("truncate", "-s", "16M", image.toString()).runOrThrow();
    Command.of("mkfs.ext4", "-q", "-O", journal, image.toString()).runOrThrow();
    Command.of("mount", "-o", "loop", image.toString(), other.toString()).runOrThrow();

    Finding order = Objects.requireNonNull(examine(other.resolve("not/there")).get(ORDER));

    assertThat(order.verdict()).isEqualTo(verdict);
    assertThat(order.found()).contains("(ext4)");
  }

  private static Map<String, Finding> examine(Path root) throws Exception {
    return new Node(root)
        .examine().stream().collect(Collectors.toMap(Finding::subject, found -> found));
  }
}
