package dev.asterism.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What containerd-stargz-grpc leaves in its root, when the root becomes ours.
public class StargzLeftoversTest {
  @TempDir private Path root;

  /// Returns the two first pages that bbolt makes a database of: metadata, each with the root
  /// bucket's page, the free list's, the high-water mark and a transaction's number.
  public static byte[] database() {
    int size = 4096;
    ByteBuffer pages = ByteBuffer.allocate(2 * size).order(ByteOrder.nativeOrder());
    for (int i = 0; i < 2; i++) {
      pages.position(i * size);
      pages.putLong(i).putShort((short) 4).putShort((short) 0).putInt(0);
      pages.putInt(0xED0CDAED).putInt(2).putInt(size).putInt(0);
      pages.putLong(3).putLong(0).putLong(2).putLong(4).putLong(i);
    }
    return pages.array();
  }

  private List<String> names() throws IOException {
    try (Stream<Path> entries = Files.list(root)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void setAside_databasesOfTheOtherProgram_haveOtherNamesAndEveryByte() throws IOException {
    Files.write(root.resolve("metadata.db"), database());
    Files.write(root.resolve("fusestore.db"), database());

    StargzLeftovers.setAside(root);

    assertThat(names()).containsExactly("fusestore.db.stargz", "metadata.db.stargz");
    assertThat(root.resolve("metadata.db.stargz")).hasBinaryContent(database());
  }

  @Test
  void setAside_whereOneWasSetAsideBefore_keepsBoth() throws IOException {
    Files.writeString(root.resolve("metadata.db.stargz"), "of before");
    Files.write(root.resolve("metadata.db"), database());

    StargzLeftovers.setAside(root);

    assertThat(names()).containsExactly("metadata.db.stargz", "metadata.db.stargz.1");
    assertThat(root.resolve("metadata.db.stargz")).hasContent("of before");
  }

  @Test
  void setAside_ourOwnAndShortAndOtherFiles_changesNothing() throws IOException {
    byte[] ours = "SQLite format 3\0and more than a page's head".getBytes(StandardCharsets.UTF_8);
    Files.write(root.resolve("metadata.db"), ours);
    Files.write(root.resolve("fusestore.db"), new byte[7]);
    Files.write(root.resolve("other.db"), database());

    StargzLeftovers.setAside(root);

    assertThat(names()).containsExactly("fusestore.db", "metadata.db", "other.db");
    assertThat(root.resolve("metadata.db")).hasBinaryContent(ours);
  }
}
