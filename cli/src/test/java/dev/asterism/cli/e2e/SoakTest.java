package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.testkit.image.HostPrograms;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Pulls, runs and removals without end leave the daemon as it was.
///
/// A short form by default; `./dev soak` runs 1,000 containers of 20 images, or as many as it is
/// told (`-Dsoak.containers`, `-Dsoak.images`).
@Tag("kernel")
@Timeout(value = 3, unit = TimeUnit.HOURS) // of a long run
class SoakTest {
  private static final int CONTAINERS = Integer.getInteger("soak.containers", 18);
  private static final int IMAGES = Integer.getInteger("soak.images", 3);

  private static final int FILES = 24; // of an image's own
  private static final int FILE = 20_000; // bytes
  private static final int BIG = 9 << 20; // 9 MiB: of several chunks
  private static final long MEBIBYTE = 1 << 20;

  /// What a daemon may have more than before: the heap grows to where it is collected, and threads
  /// that have nothing to do stay for a while.
  private static final State SLACK = new State(48 * MEBIBYTE, 4, 6, 0, 0, 2 * MEBIBYTE);

  /// What a daemon holds.
  ///
  /// @param memory resident bytes
  /// @param mounts below its root
  /// @param entries files and directories of layers, chains and snapshots
  /// @param disk bytes that its root occupies
  private record State(
      long memory, long descriptors, long threads, long mounts, long entries, long disk) {
    static State of(TestNode node) throws IOException, InterruptedException {
      String script =
          """
          cd /proc/%d
          awk '/^VmRSS/ {print $2 * 1024}' status
          ls fd | wc -l
          ls task | wc -l
          cd '%s'
          grep -c " $PWD" /proc/self/mountinfo
          find layers chains snapshots cache/layers -xdev | wc -l
          du -sx --block-size=1 . | cut -f1
          """
              .formatted(node.daemonPid(), node.root());
      List<Long> numbers =
          Command.of("sh", "-c", script).runOrThrow().text().lines().map(Long::parseLong).toList();
      return new State(
          numbers.get(0),
          numbers.get(1),
          numbers.get(2),
          numbers.get(3),
          numbers.get(4),
          numbers.get(5));
    }
  }

  /// @param reference where it is pulled from
  /// @param check a script that ends with 0 if its files are right
  private record Image(String reference, String check) {}

  private static Image image(TestRegistry registry, TestLayer programs, int number) {
    Random random = new Random(number);
    NavigableMap<String, byte[]> files = new TreeMap<>();
    for (int i = 0; i < FILES; i++) {
      files.put(String.valueOf(i), bytes(random, FILE));
    }
    files.put("big", bytes(random, BIG));
    List<Entry> entries = new ArrayList<>();
    entries.add(Entry.dir("data"));
    StringBuilder sums = new StringBuilder();
    files.forEach((name, bytes) -> {
      entries.add(Entry.file("data/" + name, bytes));
      sums.append(Digest.of(bytes).hex()).append("  ").append(name).append('\n');
    });
    Layer.EstargzBlob own = Layer.of(entries.toArray(Entry[]::new)).estargz();
    String reference =
        registry.reference(
            registry.image(
                "soak/image-" + number,
                "1",
                ImageConfig.running("/bin/sh"),
                List.of(programs, lazy(own))));
    // Judged inside: of what a container prints, its shim gives up what it has not passed on within
    // two seconds of the end, and a busy machine is slower.
    String check =
        "cd /data; test \"$(sha256sum * | sha256sum)\" = '%s  -' || { sha256sum * >&2; exit 1; }"
            .formatted(Digest.of(sums.toString().getBytes(StandardCharsets.US_ASCII)).hex());
    return new Image(reference, check);
  }

  private static byte[] bytes(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return bytes;
  }

  private static TestLayer lazy(Layer.EstargzBlob layer) {
    return TestLayer.gzip(layer.bytes())
        .annotated(Annotations.TOC_DIGEST, layer.tocDigest().toString());
  }

  @Test
  void daemon_afterManyPullsRunsAndRemovals_isAsBefore() throws IOException, InterruptedException {
    Machine.requireRootAnd("containerd", "runc", "ctr-remote");
    try (TestRegistry registry = TestRegistry.start();
        TestNode node = TestNode.start()) {
      TestLayer programs =
          lazy(HostPrograms.layer(Path.of("/bin/sh"), Path.of("/usr/bin/sha256sum")).estargz());
      List<Image> images = new ArrayList<>();
      for (int i = 0; i < IMAGES; i++) {
        images.add(image(registry, programs, i));
        round(node, images.get(i), 1);
      }
      node.collectGarbage();
      State before = State.of(node);

      int each = Math.ceilDiv(CONTAINERS, IMAGES);
      for (int i = 0; i < IMAGES; i++) {
        round(node, images.get(i), each);
      }
      node.collectGarbage();

      State after = State.of(node);
      System.out.printf(
          "%d containers of %d images%n before %s%n after  %s%n",
          each * IMAGES, IMAGES, before, after);
      assertThat(after.memory()).isLessThan(before.memory() + SLACK.memory());
      assertThat(after.descriptors())
          .isLessThanOrEqualTo(before.descriptors() + SLACK.descriptors());
      assertThat(after.threads()).isLessThanOrEqualTo(before.threads() + SLACK.threads());
      assertThat(after.mounts()).isEqualTo(before.mounts());
      assertThat(after.entries()).isEqualTo(before.entries());
      assertThat(after.disk()).isLessThan(before.disk() + SLACK.disk());
      assertThat(node.complaints()).isEmpty();
    }
  }

  /// Pulls an image, runs some containers that read all of it, and removes it.
  private static void round(TestNode node, Image image, int containers)
      throws IOException, InterruptedException {
    node.pull(image.reference());
    for (int i = 0; i < containers; i++) {
      node.run(TestNode.ASTERISM, image.reference(), image.check());
    }
    node.removeImage(image.reference());
  }
}
