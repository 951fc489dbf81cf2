package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DirectoryTreeTest {
  @TempDir private Path root;

  @Test
  void delete_ofTreeDeeperThanAPath_deletesAll() throws Exception {
    Path tree = Files.createDirectory(root.resolve("tree"));
    Kernel.run(
        "perl",
        "-e",
        "chdir shift; for (1..90) { $n = 'd' x 200; mkdir $n or die; chdir $n or die; open F, '>f' or die }",
        tree.toString());
    DirectoryTree.delete(tree);
    assertThat(root).isEmptyDirectory();
  }

  @Test
  void delete_ofNamesThatAreNoText_deletesAll() throws Exception {
    Path tree = Files.createDirectory(root.resolve("tree"));
    Kernel.run(
        "perl",
        "-e",
        "chdir shift; mkdir qq(\\xff\\xfe) or die; open F, qq(>\\xff\\xfe/\\xc3) or die; print F 'x'",
        tree.toString());
    assertThat(DirectoryTree.usage(tree).inodes()).isEqualTo(3);
    DirectoryTree.delete(tree);
    assertThat(root).isEmptyDirectory();
  }

  @Test
  void delete_withLinkToElsewhere_leavesElsewhere() throws Exception {
    Path kept = Files.writeString(root.resolve("kept"), "x");
    Path tree = Files.createDirectory(root.resolve("tree"));
    Files.createSymbolicLink(tree.resolve("link"), root);
    Files.createSymbolicLink(tree.resolve("dangling"), root.resolve("nothing"));
    DirectoryTree.delete(tree);
    assertThat(kept).exists();
    assertThat(tree).doesNotExist();
  }

  @Test
  void delete_ofNothing_succeeds() throws Exception {
    DirectoryTree.delete(root.resolve("nothing"));
  }

  @Test
  void usage_countsEachInodeOnceAndWhatIsAllocated() throws Exception {
    Path tree = Files.createDirectory(root.resolve("tree"));
    Path file = Files.write(tree.resolve("a"), new byte[40_000]);
    Files.createLink(tree.resolve("b"), file);
    Kernel.run("truncate", "-s", "1G", tree.resolve("sparse").toString());
    Kernel.run("sync", "-f", tree.toString());
    Usage usage = DirectoryTree.usage(tree);
    assertThat(usage.inodes()).isEqualTo(3);
    assertThat(usage.size())
        .isEqualTo(
            512
                * Long.parseLong(
                    Kernel.run("du", "-s", "-B512", tree.toString()).split("\t", 2)[0]));
  }
}
