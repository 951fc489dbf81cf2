package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A layer that claims another image's digests for bytes of its own: whoever is mounted first, the
/// other image's containers see their own bytes, and EIO at worst.
@Tag("kernel")
@Timeout(300)
final class HostileLayerTest {
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(21), 100_000);
  private static final byte[] SMALL = RandomTrees.content(Seeds.generator(22), 9_000);
  private static final byte[] EVIL_BIG = RandomTrees.content(Seeds.generator(23), 100_000);
  private static final byte[] EVIL_SMALL = RandomTrees.content(Seeds.generator(24), 9_000);

  private static final byte[] SHORT = Arrays.copyOf(EVIL_BIG, 40_000);
  private static final byte[] LONG = RandomTrees.content(Seeds.generator(25), 300_000);

  @TempDir Path directory;

  /// What the hostile layer holds, and how it lies about it.
  @SuppressWarnings("ImmutableEnumChecker") // layers are values
  enum Lie {
    /// The digest of the big file over other chunks, sizes and all as in the other layer.
    OTHER_CHUNKS(Layer.of(file("evil", EVIL_BIG)), toc -> rename(toc, EVIL_BIG, BIG)),
    SHORTER(Layer.of(file("evil", SHORT)), toc -> rename(toc, SHORT, BIG)),
    LONGER(Layer.of(file("evil", LONG)), toc -> rename(toc, LONG, BIG)),
    /// The big file in chunks, the small file's digest.
    SMALL_IN_CHUNKS(Layer.of(file("evil", EVIL_BIG)), toc -> rename(toc, EVIL_BIG, SMALL)),
    /// The small file in one chunk, the big file's digest.
    BIG_IN_ONE_CHUNK(Layer.of(file("evil", EVIL_SMALL)), toc -> rename(toc, EVIL_SMALL, BIG)),
    SMALL_OTHER_BYTES(Layer.of(file("evil", EVIL_SMALL)), toc -> rename(toc, EVIL_SMALL, SMALL)),
    SMALL_SHORTER(
        Layer.of(file("evil", Arrays.copyOf(EVIL_SMALL, 100))),
        toc -> rename(toc, Arrays.copyOf(EVIL_SMALL, 100), SMALL)),
    /// Digests that differ from the others' so little that the kernel's number is the same.
    BIG_NEIGHBOUR(Layer.of(file("evil", EVIL_BIG)), toc -> replace(toc, EVIL_BIG, neighbour(BIG))),
    SMALL_NEIGHBOUR(
        Layer.of(file("evil", EVIL_BIG)), toc -> replace(toc, EVIL_BIG, neighbour(SMALL))),
    SMALL_NEIGHBOUR_IN_ONE_CHUNK(
        Layer.of(file("evil", EVIL_SMALL)), toc -> replace(toc, EVIL_SMALL, neighbour(BIG))),
    /// True digests and sizes, but the bytes are said to lie somewhere else.
    WRONG_OFFSETS(
        Layer.of(file("evil", BIG), file("evil2", SMALL), file("x", EVIL_BIG)),
        toc ->
            Pattern.compile("\"offset\": ([0-9]+)[0-9]").matcher(toc).replaceAll("\"offset\": $1"));

    final Layer layer;
    final UnaryOperator<String> change;

    Lie(Layer layer, UnaryOperator<String> change) {
      this.layer = layer;
      this.change = change;
    }

    private static String rename(String toc, byte[] from, byte[] to) {
      return replace(toc, from, Digest.of(to));
    }

    private static String replace(String toc, byte[] from, Digest to) {
      return toc.replace(Digest.of(from).toString(), to.toString());
    }

    private static Digest neighbour(byte[] content) {
      Digest digest = Digest.of(content);
      return new Digest(digest.a(), digest.b(), digest.c(), ~digest.d());
    }
  }

  @ParameterizedTest
  @EnumSource
  void read_hostileLayerMountedFirst_givesTheOthersBytes(Lie lie) throws Exception {
    try (Origin origin = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, origin)) {
      read(node, Forgery.add(origin, lie.layer.estargz(), lie.change));

      Path rootfs = node.mount(honest(origin));

      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
      node.assertStoreIsRight();
    }
  }

  /// The kernel may remember what it read of the hostile layer when that is gone.
  @ParameterizedTest
  @EnumSource
  void read_hostileLayerGone_givesTheOthersBytes(Lie lie) throws Exception {
    try (Origin origin = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, origin)) {
      Path evil = read(node, Forgery.add(origin, lie.layer.estargz(), lie.change));
      node.unmount(evil);
      node.service().layers().retain(LazyNode::nothing);

      Path rootfs = node.mount(honest(origin));

      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
      node.assertStoreIsRight();
    }
  }

  @ParameterizedTest
  @EnumSource
  void read_hostileLayerMountedLater_givesTheOthersBytes(Lie lie) throws Exception {
    try (Origin origin = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest honest = honest(origin);
      Path rootfs = node.mount(honest);
      read(node, Forgery.add(origin, lie.layer.estargz(), lie.change));

      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
      node.assertStoreIsRight();
    }
  }

  /// What is in the store already stays there, the same file, whatever a later layer claims.
  @ParameterizedTest
  @EnumSource
  void read_hostileLayerMountedWhenAllIsHere_changesNothing(Lie lie) throws Exception {
    try (Origin origin = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest honest = honest(origin);
      Path rootfs = node.mount(honest);
      cat(rootfs, "small").orThrow();
      cat(rootfs, "big").orThrow();
      LazyNode.await(() -> node.objectSizes().contains((long) BIG.length));
      List<String> inodes = node.find("cache/objects", "-printf", "%f %i\\n");
      read(node, Forgery.add(origin, lie.layer.estargz(), lie.change));
      origin.registry().refuseConnections();

      Path again = node.mount(honest);

      assertThat(node.find("cache/objects", "-printf", "%f %i\\n")).containsAll(inodes);
      assertThat(cat(again, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(again, "big").orThrow().out()).isEqualTo(BIG);
    }
  }

  /// The honest layer's registry is away: then EIO, not the bytes that the other one offers.
  @ParameterizedTest
  @EnumSource
  void read_onlyTheHostileLayerIsReachable_isEioUntilTheOtherIsBack(Lie lie) throws Exception {
    try (Origin origin = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, origin)) {
      LayerRequest honest = honest(origin);
      Path rootfs = node.mount(honest);
      Path evil = read(node, Forgery.add(origin, lie.layer.estargz(), lie.change));
      origin.registry().fault(Target.blob(honest.layer()), new Fault.Status(404));
      cat(evil, "evil");

      assertRightOrEio(cat(rootfs, "small"), SMALL);
      assertRightOrEio(cat(rootfs, "big"), BIG);

      origin.registry().clearFaults();
      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
    }
  }

  private static void assertRightOrEio(Outcome read, byte[] content) {
    assertThat(read.out()).isEqualTo(Arrays.copyOf(content, read.out().length));
    assertThat(read.exitCode() == 0 ? read.out().length : content.length).isEqualTo(content.length);
  }

  private static LayerRequest honest(Origin origin) {
    return origin.add(Layer.of(file("small", SMALL), file("big", BIG)));
  }

  private static Path read(LazyNode node, LayerRequest layer) throws Exception {
    Path rootfs = node.mount(layer);
    cat(rootfs, "evil");
    return rootfs;
  }
}
