package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.sh;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.testkit.image.HostPrograms;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a program needs comes when its first bytes are read, though it lies elsewhere.
@Tag("kernel")
@Timeout(120)
final class LibrariesTest {
  private static final Path PROGRAM = Path.of("/usr/bin/mount"); // its libraries need others
  private static final Path LARGE =
      Path.of(System.getProperty("java.home"), "lib/server/libjvm.so");
  private static final Path NEEDS_LARGE =
      Path.of(System.getProperty("java.home"), "lib/libjava.so");
  private static final int PAD = 600_000; // no readahead reaches over it

  @TempDir Path directory;

  private static Entry pad(int number) {
    return file("pads/" + number, RandomTrees.content(Seeds.generator(number), PAD));
  }

  /// Returns the chunks of a file that are not in the store, by their place in the file.
  private static List<Integer> missing(LazyNode node, LayerRequest request, byte[] content)
      throws Exception {
    LayerContent layer = node.service().fetching().catalog().layer(request.layer()).orElseThrow();
    ChunkTable table = layer.table();
    LayerObject object = table.object(table.find(Digest.of(content)).orElseThrow());
    return IntStream.range(0, object.chunks())
        .filter(at -> layer.isMissing(table.chunk(table.chunkOf(object, at)).number()))
        .boxed()
        .toList();
  }

  private static void awaitQuiet(LazyNode node) throws Exception {
    await(() ->
        node.service().fetches().stream()
            .allMatch(fetch -> fetch.queued() == 0 && fetch.running().isEmpty()));
  }

  @Test
  void read_beginOfAProgram_bringsItAndItsLibrariesWhole() throws Exception {
    List<Entry> files =
        HostPrograms.layer(PROGRAM).entries().stream()
            .filter(entry -> entry.content().length > 0)
            .toList();
    assertThat(files).hasSizeGreaterThan(4); // the linker, libc, libmount and what that needs
    List<Entry> apart = new ArrayList<>();
    for (Entry file : files) {
      apart.add(file);
      apart.add(pad(apart.size()));
    }
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest layer = origin.add(new Layer(apart));
      Path rootfs = node.mount(layer);

      sh("head -c 64 \"$1\" > /dev/null", rootfs + PROGRAM.toString()).orThrow();

      for (Entry file : files) {
        await(() -> missing(node, layer, file.content()).isEmpty());
      }
      awaitQuiet(node);
      for (Entry pad : apart) {
        if (pad.name().startsWith("pads/")) {
          assertThat(missing(node, layer, pad.content()))
              .as(pad.name())
              .hasSizeGreaterThan(PAD / (16 << 10) / 2);
        }
      }
      origin.registry().refuseConnections();
      for (Entry file : files) {
        assertThat(LazyNode.cat(rootfs, file.name()).orThrow().out()).isEqualTo(file.content());
      }
    }
  }

  /// Of a large library, what the linker reads: its beginning and its end.
  @Test
  void read_beginOfAFileThatNeedsALargeLibrary_bringsTheEndsOfThat() throws Exception {
    byte[] large = Files.readAllBytes(LARGE);
    try (Origin origin = Origin.start();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest layer =
          origin.add(
              Layer.of(
                      file("app/libjava.so", Files.readAllBytes(NEEDS_LARGE)),
                      pad(1),
                      file("usr/lib/libjvm.so", large),
                      pad(2))
                  .estargz(Layer.SMALL_CHUNKS.withLevel(1)));
      Path rootfs = node.mount(layer);
      int chunks = missing(node, layer, large).size();

      sh("head -c 64 \"$1/app/libjava.so\" > /dev/null", rootfs.toString()).orThrow();

      await(() -> !missing(node, layer, large).contains(0));
      await(() -> !missing(node, layer, large).contains(chunks - 1));
      awaitQuiet(node);
      assertThat(missing(node, layer, large)).hasSizeGreaterThan(chunks - chunks / 10);
    }
  }
}
