package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    assertThat(DirectoryTree.usage(tree, () -> false).inodes()).isEqualTo(3);
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
    Usage usage = DirectoryTree.usage(tree, () -> false);
    assertThat(usage.inodes()).isEqualTo(3);
    assertThat(usage.size())
        .isEqualTo(
            512
                * Long.parseLong(
                    Kernel.run("du", "-s", "-B512", tree.toString()).split("\t", 2)[0]));
  }

  /// A container makes such a tree with `mkdir` and `cd`; no path reaches its end.
  @ParameterizedTest
  @ValueSource(strings = {"d", "\\xff"})
  void usage_ofTreeDeeperThanAPath_countsAll(String letter) throws Exception {
    Path tree = Files.createDirectory(root.resolve("tree"));
    Kernel.run(
        "perl",
        "-e",
        "chdir shift; $n = qq(%s) x 120; for (1..90) { mkdir $n or die; mkdir 'side' or die; chdir $n or die; open F, '>f' or die }"
            .formatted(letter),
        tree.toString());
    assertThat(DirectoryTree.usage(tree, () -> false).inodes()).isEqualTo(1 + 3 * 90);
    DirectoryTree.delete(tree);
  }

  /// Neither deep nor wide trees need a descriptor for each directory.
  @Test
  void usage_ofTreeOfAnyShape_holdsFewDescriptors() throws Exception {
    Path tree = Files.createDirectory(root.resolve("tree"));
    Kernel.run(
        "perl",
        "-e",
        "chdir shift; for (1..600) { mkdir qq(w$_) or die } for (1..3000) { mkdir 'd' or die; mkdir 'e' or die; chdir 'd' or die }",
        tree.toString());
    AtomicLong most = new AtomicLong();
    long before = descriptors();
    Usage usage =
        DirectoryTree.usage(
            tree,
            () -> {
              most.accumulateAndGet(descriptors(), Math::max);
              return false;
            });
    assertThat(usage.inodes()).isEqualTo(1 + 600 + 2 * 3000);
    assertThat(most.get() - before).isLessThan(30);
    assertThat(descriptors()).isEqualTo(before);
    DirectoryTree.delete(tree);
  }

  private static long descriptors() {
    return Optional.ofNullable(new File("/proc/self/fd").list()).orElseThrow().length;
  }

  @Test
  void usage_thatNobodyWaitsFor_ends() throws Exception {
    Path tree = Files.createDirectory(root.resolve("tree"));
    for (int i = 0; i < 10; i++) {
      Files.createDirectory(tree.resolve("d" + i));
    }
    AtomicInteger asked = new AtomicInteger();
    assertThatThrownBy(() -> DirectoryTree.usage(tree, () -> asked.incrementAndGet() == 4))
        .isInstanceOf(InterruptedIOException.class);
    assertThat(asked).hasValue(4);
  }
}
