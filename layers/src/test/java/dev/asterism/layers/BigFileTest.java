package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.ByteRange;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import java.io.ByteArrayOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files of many chunks that are read before they are here.
@Tag("kernel")
@Timeout(300)
final class BigFileTest {
  private static final int CHUNK = 16 << 10; // as in Layer.SMALL_CHUNKS
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(11), 150 * CHUNK + 77);

  /// Reads slices of a file, `offset length` on each line of standard input, by pread(2) or through
  /// a mapping.
  private static final String SLICES =
      """
      import mmap, os, sys
      fd = os.open(sys.argv[1], os.O_RDONLY)
      mapped = mmap.mmap(fd, 0, prot=mmap.PROT_READ) if sys.argv[2] == "mmap" else None
      for line in sys.stdin:
          offset, length = map(int, line.split())
          data = mapped[offset:offset + length] if mapped else os.pread(fd, length, offset)
          sys.stdout.buffer.write(data)
      """;

  /// Reads one file in many threads that start together and prints each different hash or error.
  private static final String CROWD =
      """
      import hashlib, sys, threading
      path, count = sys.argv[1], int(sys.argv[2])
      start, seen = threading.Barrier(count), set()
      def read():
          start.wait()
          try:
              with open(path, "rb") as f:
                  seen.add(hashlib.sha256(f.read()).hexdigest())
          except OSError as e:
              seen.add(str(e))
      threads = [threading.Thread(target=read) for _ in range(count)]
      for t in threads: t.start()
      for t in threads: t.join()
      print("\\n".join(sorted(seen)))
      """;

  @TempDir Path directory;

  @BeforeAll
  static void requirePython() {
    Machine.requireRootAnd("python3");
  }

  @ParameterizedTest
  @ValueSource(strings = {"pread", "mmap"})
  void read_randomSlices_areSlicesOfTheFile(String how) throws Exception {
    RandomGenerator random = Seeds.generator(how.hashCode());
    StringBuilder asked = new StringBuilder();
    ByteArrayOutputStream expected = new ByteArrayOutputStream();
    for (int i = 0; i < 120; i++) {
      int offset = around(random, random.nextInt(150) * CHUNK);
      int length = around(random, random.nextInt(5) * CHUNK);
      asked.append("%d %d\n".formatted(offset, length));
      expected.writeBytes(
          Arrays.copyOfRange(BIG, offset, Math.max(offset, Math.min(BIG.length, offset + length))));
    }
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(Layer.of(file("before", "x"), file("big", BIG))));

      byte[] actual =
          Command.of("python3", "-c", SLICES, rootfs.resolve("big").toString(), how)
              .withInput(asked.toString().getBytes(US_ASCII))
              .runOrThrow()
              .out();

      assertThat(actual).isEqualTo(expected.toByteArray());
    }
  }

  private static int around(RandomGenerator random, int value) {
    return Math.max(0, value + random.nextInt(3) - 1);
  }

  @Test
  void read_twoHundredReadersOfAColdFile_fetchEachByteOnce() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest layer = origin.add(Layer.of(file("small", "s".repeat(9000)), file("big", BIG)));
      Path rootfs = node.mount(layer);
      origin.registry().traffic().reset();
      origin
          .registry()
          .fault(Target.blob(layer.layer()), new Fault.Latency(java.time.Duration.ofMillis(30)));

      for (String name : List.of("small", "big")) {
        assertThat(
                Command.of("python3", "-c", CROWD, rootfs.resolve(name).toString(), "200")
                    .runOrThrow()
                    .text()
                    .lines())
            .hasSize(1)
            .containsExactly(
                Command.of("sha256sum")
                    .withInput(name.equals("big") ? BIG : "s".repeat(9000).getBytes(US_ASCII))
                    .runOrThrow()
                    .text()
                    .substring(0, 64));
      }

      assertThat(origin.overlaps(layer)).isEmpty();
    }
  }

  /// What a program needs besides what is read of it is a guess like others.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void open_program_bringsTheRestUnlessTooMuchCameInVain(boolean tooMuch) throws Exception {
    byte[] program = Files.readAllBytes(Path.of("/bin/bash"));
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest layer =
          origin.add(Layer.of(file("before", BIG), file("program", program), file("after", BIG)));
      Path rootfs = node.mount(layer);
      long all = origin.size(layer);
      origin.registry().traffic().reset();
      if (tooMuch) {
        node.service().scheduler().noteUnused(1L << 40);
      }

      slice(rootfs, "program", 0);

      if (tooMuch) {
        await(() ->
            node.service().fetches().stream()
                .allMatch(link -> link.queued() == 0 && link.running().isEmpty()));
        assertThat(fetched(origin, layer)).isLessThan(all / 6);
      } else {
        await(() -> node.objectSizes().contains((long) program.length));
      }
    }
  }

  private static long fetched(Origin origin, LayerRequest layer) {
    return origin.ranges(layer).stream().mapToLong(ByteRange::length).sum();
  }

  @Test
  void read_fileWithTheSameChunkManyTimes_becomesOneObject() throws Exception {
    byte[] repeated = new byte[40 * CHUNK];
    for (int at : List.of(0, 3 * CHUNK, 39 * CHUNK)) {
      System.arraycopy(BIG, at, repeated, at, CHUNK);
    }
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(Layer.of(file("zeros", repeated))));

      for (int chunk : List.of(39, 20, 3, 30, 0)) {
        slice(rootfs, "zeros", chunk);
      }

      assertThat(cat(rootfs, "zeros").out()).isEqualTo(repeated);
      await(() -> node.objectSizes().contains((long) repeated.length));
    }
  }

  @Test
  void read_fileWhoseChunksAllCameWithAnother_becomesOneObject() throws Exception {
    Entry whole = file("whole", Arrays.copyOf(BIG, 6 * CHUNK));
    Entry part = file("part", Arrays.copyOfRange(BIG, CHUNK, 5 * CHUNK));
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path rootfs = node.mount(origin.add(Layer.of(whole, file("gap", BIG), part)));

      cat(rootfs, "whole").orThrow();
      await(() -> node.objectSizes().contains(6L * CHUNK));
      origin.registry().refuseConnections();

      assertThat(cat(rootfs, "part").out()).isEqualTo(part.content());
      await(() -> node.objectSizes().contains(4L * CHUNK));
    }
  }

  @Test
  void read_chunksThroughTwoLayersInTurn_becomeOneObject() throws Exception {
    Layer one = Layer.of(file("big", BIG));
    Layer other = Layer.of(file("before", "x"), file("big", BIG));
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest first = origin.add(one);
      LayerRequest second = origin.add(other);
      Path rootfs = node.mount(first, second);
      List<LayerRequest> layers = List.of(first, second);
      for (int i = 0; i < 6; i++) {
        origin.registry().fault(Target.blob(layers.get(i % 2).layer()), new Fault.Status(404));
        slice(rootfs, "big", 25 * i + 24);
        origin.registry().clearFaults();
      }

      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);
      await(() -> node.objectSizes().contains((long) BIG.length));
    }
  }

  @Test
  void read_afterARestartInTheMiddle_goesOnAndBecomesOneObject() throws Exception {
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest layer = origin.add(Layer.of(file("big", BIG)));
      Path before = node.mount(layer);
      IntStream.of(0, 60, 149).forEach(chunk -> slice(before, "big", chunk));
      node.stop();
      node.start();
      origin.registry().traffic().reset();

      Path rootfs = node.mount(layer);
      assertThat(cat(rootfs, "big").out()).isEqualTo(BIG);

      await(() -> node.objectSizes().equals(List.of((long) BIG.length)));
      assertThat(origin.registry().traffic().bytes()).isLessThan(origin.size(layer));
    }
  }

  /// Reads one whole chunk of a file and compares it.
  private static void slice(Path rootfs, String file, int chunk) {
    try {
      Command.of("dd", "if=" + rootfs.resolve(file), "bs=" + CHUNK, "count=1", "skip=" + chunk)
          .with("status=none")
          .runOrThrow();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }
}
