package dev.asterism.layers;

import static dev.asterism.testkit.layer.Entry.blockDevice;
import static dev.asterism.testkit.layer.Entry.charDevice;
import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.fifo;
import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.hardLink;
import static dev.asterism.testkit.layer.Entry.opaque;
import static dev.asterism.testkit.layer.Entry.symlink;
import static dev.asterism.testkit.layer.Entry.whiteout;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.CacheSettings;
import dev.asterism.cache.DirectoryCacheConfig;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.tree.TreeListing;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a container sees of lazy layers is what it sees when containerd unpacks them: every name,
/// attribute and byte.
@Tag("kernel")
@Timeout(300)
class SameTreeTest {
  private static final int CHUNK = 16 << 10; // as in Layer.SMALL_CHUNKS
  private static final Pattern TIME = Pattern.compile(": time is [0-9]+, should be ([0-9]+)$");
  private static final byte[] CAPABILITY =
      HexFormat.of().parseHex("0100000200200000000000000000000000000000");
  private static final byte[] ACL =
      HexFormat.of()
          .parseHex(
              "0200000001000700ffffffff020007000b00000004000500ffffffff"
                  + "10000700ffffffff20000500ffffffff");

  private static final byte[] TRIVIAL_ACL =
      HexFormat.of().parseHex("0200000001000700ffffffff04000500ffffffff20000400ffffffff");

  @TempDir static Path shared;
  private static UnpackedImage unpacked;

  @TempDir Path directory;

  @BeforeAll
  static void startContainerd() throws Exception {
    unpacked = UnpackedImage.start(shared);
  }

  @AfterAll
  static void endContainerd() throws Exception {
    if (unpacked != null) {
      unpacked.close();
    }
  }

  /// Returns how the store keeps what is read; otherwise in [PlainSameTreeTest].
  DirectoryCacheConfig config() {
    return DirectoryCacheConfig.DEFAULT;
  }

  private LazyNode start(Origin origin) throws Exception {
    return LazyNode.start(
        directory,
        origin,
        LazyNode.PATIENT,
        CacheSettings.DEFAULT.withConfig(config()),
        InstantSource.system());
  }

  private void compare(Layer... layers) throws Exception {
    compare(List.of(layers));
  }

  private void compare(List<Layer> layers) throws Exception {
    List<Layer.EstargzBlob> blobs = layers.stream().map(Layer::estargz).toList();
    long start = Instant.now().getEpochSecond();
    TreeListing expected = listing(unpacked.mount(blobs));
    try (Origin origin = Origin.start();
        LazyNode node = start(origin)) {
      Path rootfs = node.mount(blobs.stream().map(origin::add).toArray(LayerRequest[]::new));
      TreeListing actual = listing(rootfs);

      assertThat(actual.entries()).isNotEmpty();
      assertThat(actual.differenceFrom(expected).lines())
          .allMatch(difference -> isTimeOfUnpacking(difference, start));
    }
  }

  /// The tree without its root, which no layer describes, and without what makes the blobs lazy.
  static TreeListing listing(Path root) throws Exception {
    return TreeListing.of(root)
        .filter(name ->
            !name.isEmpty()
                && !name.endsWith(".prefetch.landmark")
                && !name.equals("stargz.index.json"))
        .inWholeSeconds();
  }

  /// Directories that no entry of the topmost layer names have the time at which they were made:
  /// that of unpacking.
  static boolean isTimeOfUnpacking(String difference, long start) {
    Matcher time = TIME.matcher(difference);
    return time.find() && Long.parseLong(time.group(1)) >= start;
  }

  @Test
  void mount_everyTypeOfEntry_isTheSame() throws Exception {
    compare(
        Layer.of(
            dir("d").mode(01777).owner(1000, 100),
            file("d/empty", ""),
            file("d/f", "content").mode(04755),
            symlink("d/relative", "f"),
            symlink("d/absolute", "/nowhere/" + "x".repeat(3000)),
            file("d/f", "content").mode(04755).linkedAs("d/other"),
            charDevice("d/null", 1, 3).mode(0666),
            charDevice("d/large", 4095, 1048575),
            blockDevice("d/disk", 8, 17).mode(0660).owner(0, 6),
            fifo("d/pipe").mode(0600)));
  }

  @Test
  void mount_namesOfEveryKind_isTheSame() throws Exception {
    compare(
        Layer.of(
            file("x".repeat(255), "long"),
            file("ü".repeat(127), "long in UTF-8"),
            file("日本語/😀/" + "y".repeat(255) + "/deep", "deep"),
            file("with space", "1"),
            file("with\nnewline", "2"),
            file("back\\slash", "3"),
            file("quote\"'<>&", "4"),
            file("...", "5"),
            file(" ", "6"),
            file("-rf", "7"),
            file("a:b,c=d", "8"),
            file("./dotted/name", "9"),
            file("/absolute", "10")));
  }

  @Test
  void mount_impliedParentsAndNamesThatComeTwice_isTheSame() throws Exception {
    compare(
        Layer.of(
            file("a/b/c/f", "implied parents"),
            file("twice", "first").mode(0600),
            file("twice", "second").mode(0644),
            file("becomes-dir", "file"),
            dir("becomes-dir").mode(0700),
            file("becomes-dir/in", "inside"),
            dir("late").mode(0711).owner(7, 8),
            file("late/x", "x"),
            dir("late").mode(0750).owner(9, 10).mtime(Instant.ofEpochSecond(99)),
            symlink("link", "one"),
            symlink("link", "two")),
        Layer.of(file("a/b/g", "implied again"), file("late/y", "implied by the upper layer")));
  }

  @Test
  void mount_typesThatChangeBetweenLayers_isTheSame() throws Exception {
    compare(
        Layer.of(
            dir("d"),
            file("d/1", "one"),
            file("d/2", "two"),
            dir("d/sub"),
            file("d/sub/x", "x"),
            file("f", "file"),
            symlink("s", "f"),
            dir("o"),
            file("o/gone", "gone"),
            dir("w"),
            file("w/gone", "gone"),
            file("w/stays", "stays"),
            dir("t"),
            file("t/x", "x")),
        Layer.of(
            file("d", "now a file"),
            dir("f"),
            file("f/in", "now a directory"),
            dir("s"),
            file("s/in", "no more a link"),
            dir("o"),
            opaque("o"),
            file("o/new", "new"),
            dir("w"),
            whiteout("w/gone"),
            whiteout("t")),
        Layer.of(dir("d"), file("d/1", "a directory again"), dir("t"), file("t/y", "y")));
  }

  @Test
  void mount_hardLinksAcrossAMerge_isTheSame() throws Exception {
    byte[] big = RandomTrees.content(Seeds.generator(1), 3 * CHUNK);
    compare(
        Layer.of(
            file("a", big),
            hardLink("b", "a"),
            hardLink("sub/c", "a"),
            file("p", "p"),
            hardLink("q", "p")),
        Layer.of(whiteout("b"), file("p", "replaced"), file("n", "n"), hardLink("m", "n")),
        Layer.of(file("x", big), hardLink("y", "x"), whiteout("a")));
  }

  @Test
  void mount_sixtyLayers_isTheSame() throws Exception {
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      layers.add(
          Layer.of(
              dir("all").mtime(Instant.ofEpochSecond(1000 + i)),
              file("all/of" + i, "layer " + i),
              file("changes", "in layer " + i),
              i % 3 == 0 ? whiteout("all/of" + (i - 2)) : file("dir" + i + "/f", "f"),
              hardLink("all/link" + i, "all/of" + i)));
    }
    compare(layers);
  }

  @Test
  void mount_twentyThousandFilesInADirectory_isTheSame() throws Exception {
    List<Entry> entries = new ArrayList<>(List.of(dir("many")));
    for (int i = 0; i < 20_000; i++) {
      entries.add(file("many/file-number-" + i, "content " + i % 100));
    }
    compare(new Layer(entries), Layer.of(whiteout("many/file-number-777")));
  }

  @Test
  void mount_sizesAroundBlocksAndChunks_isTheSame() throws Exception {
    List<Entry> entries = new ArrayList<>();
    for (int around : List.of(1, 512, 4096, CHUNK, 2 * CHUNK, 5 * CHUNK, 64 << 10, 256 << 10)) {
      for (int size = around - 1; size <= around + 1; size++) {
        entries.add(file("size" + size, RandomTrees.content(Seeds.generator(size), size)));
        entries.add(file("zeros" + size, new byte[size]));
      }
    }
    compare(new Layer(entries));
  }

  @Test
  void mount_extremeIdsTimesAndModes_isTheSame() throws Exception {
    List<Entry> entries = new ArrayList<>();
    for (long id : List.of(0L, 65_534L, 65_536L, 2_097_152L, 4_294_967_294L)) {
      entries.add(file("id" + id, "x").owner(id, id));
      entries.add(dir("dir" + id).owner(id, 0));
      entries.add(symlink("link" + id, "x").owner(0, id));
    }
    for (long time : List.of(-1L, -86_400L, 0L, 1L, (1L << 31) - 1, 1L << 31, (1L << 32) + 1)) {
      entries.add(file("time" + time, "x").mtime(Instant.ofEpochSecond(time)));
      entries.add(dir("dirtime" + time).mtime(Instant.ofEpochSecond(time)));
      entries.add(symlink("linktime" + time, "x").mtime(Instant.ofEpochSecond(time)));
    }
    entries.add(file("fraction", "x").mtime(Instant.ofEpochSecond(5, 999_999_999)));
    for (int mode : List.of(0, 0111, 04000, 02755, 01000, 07777)) {
      entries.add(file("mode" + mode, "x").mode(mode));
      entries.add(dir("dirmode" + mode).mode(mode));
    }
    compare(new Layer(entries));
  }

  @Test
  void mount_attributesOfEveryKind_isTheSame() throws Exception {
    compare(
        Layer.of(
            file("user", "x").xattr("user.text", "value").xattr("user.empty", ""),
            file("binary", "x").xattr("user.binary", new byte[] {0, 10, 61, -1}),
            file("large", "x").xattr("user.large", RandomTrees.content(Seeds.generator(9), 3000)),
            file("ping", "x").mode(0755).xattr("security.capability", CAPABILITY),
            file("acl", "x").mode(0775).xattr("system.posix_acl_access", ACL),
            dir("dir").xattr("user.dir", "yes").xattr("system.posix_acl_access", ACL).mode(0775),
            file("dir/inside", "x"),
            dir("default").xattr("system.posix_acl_default", ACL),
            file("forged", "own bytes")
                .xattr("trusted.overlay.redirect", "/ab/secret")
                .xattr("trusted.overlay.metacopy", ""),
            dir("forged-opaque").xattr("trusted.overlay.opaque", "y")),
        Layer.of(file("user", "x").xattr("user.other", "replaced"), file("dir/more", "x")));
  }

  @Test
  void mount_hardLinksWithAttributesOfTheirOwn_isTheSame() throws Exception {
    compare(
        Layer.of(
            file("a", "content").mode(0600).owner(1, 1).xattr("user.kept", "old"),
            hardLink("b", "a").mode(04711).owner(2, 3).mtime(Instant.ofEpochSecond(7)),
            file("c", "x").mode(0755).xattr("security.capability", CAPABILITY),
            hardLink("d", "c").mode(0755).xattr("user.new", "yes"),
            file("e", "x").mode(0775).xattr("system.posix_acl_access", ACL),
            hardLink("f", "e").mode(0640),
            file("g", "x").xattr("user.same", "1"),
            hardLink("h", "g").xattr("user.same", "2").xattr("security.capability", CAPABILITY),
            symlink("i", "a"),
            hardLink("j", "i").mode(0600).owner(5, 6).mtime(Instant.ofEpochSecond(8)),
            fifo("k").mode(0600),
            hardLink("l", "k").mode(0644).owner(7, 7)));
  }

  @Test
  void mount_filesBelowDefaultAcl_isTheSame() throws Exception {
    compare(
        Layer.of(
            dir("d").mode(0755).xattr("system.posix_acl_default", ACL),
            file("d/plain", "x").mode(0640),
            file("d/own", "x").mode(0750).xattr("system.posix_acl_access", TRIVIAL_ACL),
            symlink("d/link", "plain"),
            fifo("d/fifo").mode(0666),
            charDevice("d/null", 1, 3).mode(0666),
            dir("d/sub").mode(0710),
            file("d/sub/f", "x").mode(0777),
            dir("d/reset").mode(0710).xattr("system.posix_acl_default", TRIVIAL_ACL),
            file("d/reset/f", "x").mode(0777),
            file("d/made/by/need", "x").mode(0604),
            dir("again").mode(0755).xattr("system.posix_acl_access", ACL),
            dir("again").mode(0500)),
        Layer.of(file("d/upper", "x").mode(0640), file("d/sub/upper", "x").mode(0640)));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void mount_randomLayers_isTheSame(long seed) throws Exception {
    RandomGenerator random = Seeds.generator(seed);
    List<Layer> layers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      layers.add(RandomTrees.plainLayer(random, 60, CHUNK));
    }
    compare(layers);
  }
}
