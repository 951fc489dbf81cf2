package dev.asterism.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.linux.DirectoryEntries.EntryType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirectoryEntriesTest {
  @TempDir Path directory;

  @Test
  void read_moreNamesThanOneBufferHolds_seesEachOnceWithItsInode() throws IOException {
    Map<String, Long> expected = new TreeMap<>();
    for (int i = 0; i < 3000; i++) {
      Path file = Files.createFile(directory.resolve("größe-%040d".formatted(i)));
      expected.put(file.getFileName().toString(), (Long) Files.getAttribute(file, "unix:ino"));
    }

    Map<String, Long> found = new TreeMap<>();
    boolean there =
        DirectoryEntries.read(
            directory.toString(), (name, inode, _) -> assertThat(found.put(name, inode)).isNull());

    assertThat(there).isTrue();
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void read_differentKinds_tellsThemApart() throws IOException {
    Files.createFile(directory.resolve("file"));
    Files.createDirectory(directory.resolve("directory"));
    Files.createSymbolicLink(directory.resolve("link"), Path.of("file"));

    Map<String, EntryType> found = new HashMap<>();
    DirectoryEntries.read(directory.toString(), (name, _, type) -> found.put(name, type));

    assertThat(found)
        .containsEntry("file", EntryType.FILE)
        .containsEntry("directory", EntryType.DIRECTORY)
        .containsEntry("link", EntryType.OTHER)
        .hasSize(3);
  }

  @Test
  void read_nothingThere_isFalse() throws IOException {
    assertThat(DirectoryEntries.read(directory + "/none", (_, _, _) -> {})).isFalse();
  }

  @Test
  void read_aFile_throws() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> DirectoryEntries.read(file.toString(), (_, _, _) -> {}))
        .isInstanceOfSatisfying(
            ErrnoException.class, e -> assertThat(e.is(Errno.ENOTDIR)).isTrue());
  }

  @Test
  void read_visitorThatHasEnough_ends() throws IOException {
    Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() ->
            DirectoryEntries.read(
                directory.toString(),
                (name, _, _) -> {
                  throw new IOException("enough of " + name);
                }))
        .hasMessage("enough of file");
  }
}
