package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.MemberEncoder;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Platform;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Images of an OCI layout converted into another.
class ConvertTest {
  @TempDir Path folder;

  private Layout source;
  private Path target;
  private Path spools;

  @BeforeEach
  void folders() throws IOException {
    source = new Layout(folder.resolve("source"));
    target = folder.resolve("target");
    spools = Files.createDirectory(folder.resolve("spools"));
  }

  @Test
  void convert_layersOfEveryKind_areReadBackAndNamedByTheImage() throws IOException {
    Layer lower = RandomTrees.layer(Seeds.generator(1), 40, 4096);
    Layer upper = Layer.of(Entry.file("etc/motd", "hello"));
    Document image =
        source.image("amd64", source.gzip(lower), source.plain(upper), source.zstd(lower));
    source.tag("1", image);

    Descriptor root = convert(options());

    Layout made = new Layout(target);
    Json.Obj manifest = made.document(root).json();
    assertThat(manifest.text("mediaType")).contains(MediaTypes.OCI_MANIFEST);
    List<Json.Obj> layers = manifest.objects("layers");
    ImageConfig config = ImageConfig.parse(made.blob(manifest.object("config").orElseThrow()));
    assertThat(config.diffIds()).hasSize(3).hasSameSizeAs(layers);
    assertThat(config.json().objects("history")).hasSize(3);
    for (int i = 0; i < 3; i++) {
      Json.Obj layer = layers.get(i);
      byte[] blob = made.blob(layer);
      Layer expected = i == 1 ? upper : lower;
      assertThat(layer.text("mediaType")).contains(MediaTypes.OCI_LAYER + "+gzip");
      assertThat(blob).isEqualTo(expected.estargz(EstargzOptions.DEFAULT.withLevel(1)).bytes());
      assertThat(layer.strings("annotations"))
          .containsKeys(Annotations.TOC_DIGEST, Annotations.UNCOMPRESSED_SIZE);
      assertThat(config.diffIds().get(i))
          .isEqualTo(expected.estargz(EstargzOptions.DEFAULT.withLevel(1)).layer().diffId());
    }
    assertNothingIsLeft();
  }

  @Test
  void convert_twice_givesTheSameDigestAndConvertsNothingAgain() throws IOException {
    source.tag(
        "1", source.image("amd64", source.gzip(RandomTrees.layer(Seeds.generator(2), 30, 4096))));
    Events first = new Events();
    Events second = new Events();
    Descriptor once = convert(options(), first);
    Descriptor again = convert(options(), second);
    assertThat(again).isEqualTo(once);
    assertThat(first.outcomes).containsExactly(TransferListener.Outcome.CONVERTED);
    assertThat(second.outcomes).containsExactly(TransferListener.Outcome.REUSED);
  }

  @Test
  void convert_toZstdChunked_isGoodAndStaysSo() throws IOException {
    Layer layer = RandomTrees.layer(Seeds.generator(3), 40, 4096);
    source.tag("1", source.image("amd64", source.gzip(layer)));
    Converter zstd =
        new Converter(
            EstargzOptions.DEFAULT.withEncoder(MemberEncoder.ZSTD, 3),
            Inflation.HERE,
            FileOrder.NONE,
            1 << 20,
            2,
            spools,
            Optional.empty(),
            false);
    try (ImageSource from = source.open("1");
        ImageSink to = LayoutSink.open(target, Optional.of("1"))) {
      zstd.convert(from, to, all(), TransferListener.NONE);
    }
    try (ImageSource made = new Layout(target).open("1")) {
      Platform platform = new Platform("linux", "amd64", "");
      PlatformImage.Layer converted = PlatformImage.of(made, platform).layers().getFirst();
      assertThat(converted.descriptor().mediaType()).isEqualTo(MediaTypes.OCI_LAYER + "+zstd");
      assertThat(ImageCheck.of(made, platform).layers())
          .allMatch(l -> l.wrong().isEmpty() && l.suffering().isEmpty());
      try (ImageSink again = LayoutSink.open(folder.resolve("again"), Optional.of("1"))) {
        assertThat(zstd.convert(made, again, all(), TransferListener.NONE))
            .isEqualTo(made.root().descriptor());
      }
      convert(made);
      assertThat(ImageCheck.of(new Layout(target).open("1"), platform).isRight()).isTrue();
    }
  }

  private void convert(ImageSource made) throws IOException {
    try (ImageSink back = LayoutSink.open(target, Optional.of("1"))) {
      Descriptor root =
          converter(Optional.empty(), false).convert(made, back, all(), TransferListener.NONE);
      Json.Obj layer = new Layout(target).document(root).json().objects("layers").getFirst();
      assertThat(layer.text("mediaType")).contains(MediaTypes.OCI_LAYER + "+gzip");
      assertThat(layer.strings("annotations"))
          .containsOnlyKeys(Annotations.TOC_DIGEST, Annotations.UNCOMPRESSED_SIZE);
    }
  }

  @Test
  void convert_imageThatIsEstargz_keepsItsLayers() throws IOException {
    source.tag("1", source.image("amd64", source.gzip(Layer.of(Entry.file("a", "x")))));
    convert(options());
    Events events = new Events();
    try (ImageSource converted = new LayoutSource(new FolderFiles(target), Optional.of("1"));
        ImageSink sink = LayoutSink.open(folder.resolve("third"), Optional.of("1"))) {
      Descriptor kept = converter(Optional.empty(), false).convert(converted, sink, all(), events);
      assertThat(kept).isEqualTo(converted.root().descriptor());
    }
    assertThat(events.outcomes).containsExactly(TransferListener.Outcome.COPIED);
  }

  @Test
  void convert_index_convertsThePlatformsThatAreWanted() throws IOException {
    Layer layer = Layer.of(Entry.file("a", "x"));
    Document amd = source.image("amd64", source.gzip(layer));
    Document arm = source.image("arm64", source.gzip(Layer.of(Entry.file("b", "y"))));
    source.tag("1", source.index(amd, arm));

    Descriptor both = convert(options());
    Json.Obj index = new Layout(target).document(both).json();
    assertThat(index.objects("manifests")).hasSize(2);
    assertThat(index.objects("manifests").get(1).strings("platform"))
        .containsEntry("architecture", "arm64");

    Platforms one = new Platforms.Of(List.of(new Platform("linux", "arm64", "")));
    Descriptor single = convert(new TransferOptions(one, false, 2));
    assertThat(new Layout(target).document(single).isIndex()).isFalse();
  }

  @Test
  void convert_docker_staysDockerUnlessAskedForOci() throws IOException {
    Document image = source.dockerImage(source.gzip(Layer.of(Entry.file("a", "x"))));
    source.tag("1", image);
    Descriptor docker = convert(options());
    assertThat(docker.mediaType()).isEqualTo(MediaTypes.DOCKER_MANIFEST);
    Descriptor oci = convert(new TransferOptions(new Platforms.All(), true, 2));
    Json.Obj manifest = new Layout(target).document(oci).json();
    assertThat(manifest.text("mediaType")).contains(MediaTypes.OCI_MANIFEST);
    assertThat(manifest.object("config").orElseThrow().text("mediaType"))
        .contains(MediaTypes.OCI_CONFIG);
    assertThat(manifest.objects("layers").getFirst().text("mediaType"))
        .contains(MediaTypes.OCI_LAYER + "+gzip");
  }

  @Test
  void convert_badLayers_nameLayerAndEntryAndLeaveNothing() throws IOException {
    byte[] good =
        Layer.of(Entry.file("first", "x".repeat(5000)), Entry.file("victim", "y".repeat(5000)))
            .tar();
    byte[] huge = good.clone();
    System.arraycopy("77777777777".getBytes(UTF_8), 0, huge, 512 + 5120 + 124, 11); // 8 GiB
    seal(huge, 512 + 5120);
    byte[] invalid = good.clone();
    invalid[512 + 5120] = (byte) 0xff;
    seal(invalid, 512 + 5120);
    for (byte[] tar : List.of(Arrays.copyOf(good, 7000), huge, invalid)) {
      Json.Obj layer = source.layer(MediaTypes.OCI_LAYER, tar, Digest.of(tar));
      source.tag("1", source.image("amd64", source.gzip(Layer.of(Entry.file("ok", "ok"))), layer));
      assertThatThrownBy(() -> convert(options()))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("layer 2 of 2")
          .hasMessageContaining(layer.text("digest").orElseThrow())
          .hasMessageMatching("(?s).*(victim|first|ictim).*");
      assertThat(target.resolve("index.json")).doesNotExist();
      assertNothingIsLeft();
    }
  }

  @Test
  void convert_layerThatIsNotWhatTheManifestSays_isCorrupt() throws IOException {
    byte[] tar = Layer.of(Entry.file("a", "x")).tar();
    Json.Obj wrongDiffId = source.layer(MediaTypes.OCI_LAYER, tar, Digest.of(new byte[1]));
    source.tag("1", source.image("amd64", wrongDiffId));
    assertThatThrownBy(() -> convert(options())).hasMessageContaining("corrupt");
    byte[] other = Layer.of(Entry.file("a", "z")).tar();
    Json.Obj swapped = source.layer(MediaTypes.OCI_LAYER, tar, Digest.of(other));
    Files.write(source.path(swapped), other);
    source.tag("1", source.image("amd64", swapped));
    assertThatThrownBy(() -> convert(options())).hasMessageContaining("corrupt");
    assertNothingIsLeft();
  }

  @Test
  void copy_toAnArchiveAndBack_isTheSameImage() throws IOException {
    Document amd = source.image("amd64", source.gzip(Layer.of(Entry.file("a", "x"))));
    Document index =
        source.index(amd, source.image("arm64", source.zstd(Layer.of(Entry.file("b", "y")))));
    source.tag("1", index);
    Path archive = folder.resolve("image.tar");
    try (ImageSource from = source.open("1");
        ImageSink to = ArchiveSink.create(archive, Optional.of("2"))) {
      ImageTransfer.copy(from, to, all(), TransferListener.NONE);
    }
    assertThat(folder.resolve("image.tar.part")).doesNotExist();
    try (ImageSource from = new LayoutSource(ArchiveFiles.open(archive, spools), Optional.of("2"));
        ImageSink to = LayoutSink.open(target, Optional.empty())) {
      Descriptor root = ImageTransfer.copy(from, to, all(), TransferListener.NONE);
      assertThat(root).isEqualTo(index.descriptor());
    }
    try (Stream<Path> blobs = Files.list(target.resolve("blobs/sha256"))) {
      assertThat(blobs.count()).isEqualTo(7);
    }
    assertNothingIsLeft();
  }

  private Descriptor convert(TransferOptions options) throws IOException {
    return convert(options, TransferListener.NONE);
  }

  private Descriptor convert(TransferOptions options, TransferListener listener)
      throws IOException {
    try (ImageSource from = source.open("1");
        ImageSink to = LayoutSink.open(target, Optional.of("1"))) {
      return converter(Optional.of(new ConversionRecords(folder.resolve("records"))), false)
          .convert(from, to, options, listener);
    }
  }

  private Converter converter(Optional<ConversionRecords> records, boolean rebuild) {
    return new Converter(
        EstargzOptions.DEFAULT.withLevel(1),
        Inflation.HERE,
        FileOrder.NONE,
        1 << 20,
        2,
        spools,
        records,
        rebuild);
  }

  private static TransferOptions options() {
    return all();
  }

  private static TransferOptions all() {
    return new TransferOptions(new Platforms.All(), false, 2);
  }

  private void assertNothingIsLeft() throws IOException {
    assertThat(target.resolve(".asterism")).doesNotExist();
    try (Stream<Path> left = Files.list(spools)) {
      assertThat(left).isEmpty();
    }
  }

  /// Writes a header's checksum anew.
  private static void seal(byte[] tar, int header) {
    Arrays.fill(tar, header + 148, header + 156, (byte) ' ');
    int sum = 0;
    for (int i = header; i < header + 512; i++) {
      sum += tar[i] & 0xff;
    }
    System.arraycopy("%06o\0 ".formatted(sum).getBytes(UTF_8), 0, tar, header + 148, 8);
  }

  /// What happened to layers.
  private static final class Events implements TransferListener {
    private final Set<Outcome> outcomes = ConcurrentHashMap.newKeySet();

    @Override
    public void progressed(Descriptor blob, Step step, long bytes) {
      assertThat(bytes).isPositive();
    }

    @Override
    public void finished(Descriptor from, Descriptor to, Outcome outcome) {
      if (MediaTypes.isLayer(from.mediaType())) {
        outcomes.add(outcome);
      }
    }
  }
}
