package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.Landmark;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Platform;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Records of opened files, and where an image has them.
class RecordedFilesTest {
  private static final Platforms ALL = new Platforms.All();

  @TempDir Path folder;
  private Layout source;

  @BeforeEach
  void layout() throws IOException {
    source = new Layout(folder.resolve("source"));
  }

  @Test
  void find_fileInSeveralLayers_belongsToTheTopmost() throws IOException {
    image(
        Layer.of(Entry.file("a", "1"), Entry.file("b", "1")),
        Layer.of(Entry.file("b", "2"), Entry.hardLink("c", "b")),
        Layer.of(Entry.file("d", "3")));

    RecordedFiles files = find("d", "b", "c", "a");

    assertThat(layers(files)).containsExactly("d 2", "b 1", "c 1", "a 0");
    assertThat(files.vanished()).isZero();
  }

  @Test
  void find_fileThatALayerAboveRemoves_hasVanished() throws IOException {
    image(
        Layer.of(
            Entry.file("x/removed", "1"),
            Entry.file("y/in/removed", "1"),
            Entry.file("z/in/opaque", "1"),
            Entry.file("v/replaced/file", "1"),
            Entry.file("w/link", "1"),
            Entry.file("u/kept", "1")),
        Layer.of(
            Entry.whiteout("x/removed"),
            Entry.whiteout("y/in"),
            Entry.opaque("z"),
            Entry.file("v/replaced", "2"),
            Entry.symlink("w/link", "elsewhere"),
            Entry.opaque("u"),
            Entry.file("u/kept", "2")));

    RecordedFiles files =
        find(
            "x/removed",
            "y/in/removed",
            "z/in/opaque",
            "v/replaced/file",
            "w/link",
            "never/there",
            "u/kept");

    assertThat(layers(files)).containsExactly("u/kept 1");
    assertThat(files.vanished()).isEqualTo(6);
  }

  @Test
  void find_namesAsTarsHaveThem_areTheSame() throws IOException {
    image(Layer.of(Entry.dir("./"), Entry.dir("./etc"), Entry.file("./etc/motd", "1")));
    assertThat(layers(find("/etc/motd", "etc//motd", "etc/../etc/motd", "", "etc")))
        .containsExactly("etc/motd 0");
  }

  @Test
  void find_ofAVersionWhoseFilesMoved_followsThem() throws IOException {
    image(
        Layer.of(
            Entry.file("lib/libm.so.6", "math"),
            Entry.file("bin/tool", "tool"),
            Entry.file("usr/lib/libssl.so.1.1", "ssl 1"),
            Entry.file("usr/lib/python3.11/os.py", "os 1"),
            Entry.file("opt/app/data", "the same data"),
            Entry.file("opt/app/gone", "gone"),
            Entry.file("opt/app/empty", ""),
            Entry.file("etc/release", "1")));
    RecordedFiles first =
        find(
            "lib/libm.so.6",
            "bin/tool",
            "usr/lib/libssl.so.1.1",
            "usr/lib/python3.11/os.py",
            "opt/app/data",
            "opt/app/gone",
            "opt/app/empty",
            "etc/release");
    assertThat(first.moved()).isZero();
    Path file = folder.resolve("record");
    first.record().write(file);

    image(
        Layer.of(
            Entry.symlink("lib", "usr/lib"),
            Entry.symlink("bin", "/usr/bin"),
            Entry.file("usr/lib/libm.so.6", "math"),
            Entry.file("usr/bin/tool-2", "tool 2"),
            Entry.symlink("usr/bin/tool", "tool-2")),
        Layer.of(
            Entry.file("usr/lib/libssl.so.3", "ssl 3"),
            Entry.file("usr/lib/python3.12/os.py", "os 2"),
            Entry.file("srv/other", "the same data"),
            Entry.file("srv/app/data", "the same data"),
            Entry.file("srv/empty", ""),
            Entry.file("etc/release", "2")));
    RecordedFiles second = find(FileRecord.read(file), List.of());

    assertThat(layers(second))
        .containsExactly(
            "usr/lib/libm.so.6 0",
            "usr/bin/tool-2 0",
            "usr/lib/libssl.so.3 1",
            "usr/lib/python3.12/os.py 1",
            "srv/app/data 1",
            "etc/release 1");
    assertThat(second.moved()).isEqualTo(5);
    assertThat(second.vanished()).isEqualTo(2);
    assertThat(second.record().entries().get(4).content())
        .contains(new FileRecord.Content(Digest.of("the same data".getBytes(UTF_8)), 13));
  }

  @Test
  void find_numbersThatSeveralFilesDifferIn_areNoGuess() throws IOException {
    image(Layer.of(Entry.file("d/part-2", "2"), Entry.file("d/part-3", "3")));
    assertThat(layers(find("d/part-1"))).isEmpty();
  }

  @Test
  void find_linksInACircle_end() throws IOException {
    image(Layer.of(Entry.symlink("a", "b"), Entry.symlink("b", "a"), Entry.symlink("up", "../..")));
    assertThat(find("a/x", "up/up/b").vanished()).isEqualTo(2);
  }

  @Test
  void find_listOfNamesAndPatterns_isInItsOrderAndSaysWhatMatchesNothing() throws IOException {
    image(
        Layer.of(
            Entry.file("usr/lib/a.so", "a"),
            Entry.file("usr/lib/x/b.so", "b"),
            Entry.file("usr/lib/x/y/c.so", "c"),
            Entry.symlink("usr/lib/d.so", "x/b.so"),
            Entry.file("bin/t1", "1"),
            Entry.file("bin/t2", "2"),
            Entry.file("removed", "r")),
        Layer.of(Entry.file("bin/t2", "new"), Entry.whiteout("removed")));

    RecordedFiles files =
        find(
            new FileRecord(List.of(FileRecord.Entry.opened("bin/t1", OptionalLong.empty()))),
            List.of("/bin/t?", "usr/lib/*.so", "usr/**/c.so", "removed", "no/[a-z]*"));

    assertThat(layers(files))
        .containsExactly(
            "bin/t1 0", "bin/t2 1", "usr/lib/a.so 0", "usr/lib/x/b.so 0", "usr/lib/x/y/c.so 0");
    assertThat(files.unmatched()).containsExactly("removed", "no/[a-z]*");
    assertThat(files.record().entries().stream().filter(entry -> entry.content().isPresent()))
        .extracting(FileRecord.Entry::path)
        .containsExactly("bin/t1", "bin/t2", "usr/lib/a.so", "usr/lib/x/y/c.so");
  }

  @Test
  void convert_withARecord_putsItsFilesFirstInTheirLayerOnly() throws IOException {
    image(
        Layer.of(Entry.file("a", "1"), Entry.file("b", "1"), Entry.file("c", "1")),
        Layer.of(Entry.file("b", "2")),
        Layer.of(Entry.file("z", "3")));
    RecordedFiles files = find("c", "b", "a");

    List<List<String>> names = converted(files.order());

    assertThat(names.get(0)).containsExactly("c", "a", Landmark.PREFETCH, "b");
    assertThat(names.get(1)).containsExactly("b", Landmark.PREFETCH);
    assertThat(names.get(2)).containsExactly(Landmark.NO_PREFETCH, "z");
  }

  @Test
  void convert_eStargzLayerWithAnOrder_isMadeAnew() throws IOException {
    Layer layer = Layer.of(Entry.file("a", "1"), Entry.file("b", "1"));
    image(layer);
    Path target = folder.resolve("first");
    convert(source.open("1"), target, FileOrder.NONE);
    ImageSource eStargz = new Layout(target).open("1");
    Digest blob =
        PlatformImage.of(eStargz, new Platform("linux", "amd64", ""))
            .layers()
            .getFirst()
            .descriptor()
            .digest();

    convert(eStargz, folder.resolve("kept"), FileOrder.NONE);
    convert(eStargz, folder.resolve("anew"), files(List.of("b"), eStargz).order());

    assertThat(folder.resolve("kept/blobs/sha256").resolve(blob.hex())).exists();
    assertThat(namesOf(folder.resolve("anew")))
        .containsExactly(List.of("b", Landmark.PREFETCH, "a"));
  }

  @Test
  void write_read_givesTheSame() throws IOException {
    FileRecord record =
        new FileRecord(
            List.of(
                new FileRecord.Entry(
                    "etc/ä \"quoted\"\n",
                    Optional.of(Digest.of(new byte[] {1})),
                    OptionalLong.of(3),
                    OptionalLong.of(12),
                    Optional.of(new FileRecord.Content(Digest.of(new byte[] {2}), 1))),
                FileRecord.Entry.opened("b", OptionalLong.empty())));
    Path file = folder.resolve("record");
    record.write(file);
    assertThat(FileRecord.read(file)).isEqualTo(record);
    assertThat(Files.readAllLines(file)).hasSize(2);
  }

  @Test
  void read_recordOfCtrRemote_hasItsPaths() throws IOException {
    Path file = folder.resolve("record");
    Files.writeString(
        file,
        """
        {"path":"usr/bin/python3.11","manifestDigest":"sha256:%1$s","layerIndex":1}

        {"path":"etc/passwd","manifestDigest":"sha256:%1$s","layerIndex":0}
        """
            .formatted("a".repeat(64)));
    assertThat(FileRecord.read(file).paths()).containsExactly("usr/bin/python3.11", "etc/passwd");
  }

  @Test
  void read_somethingElse_namesTheLine() throws IOException {
    Path file = folder.resolve("record");
    Files.writeString(file, "{\"path\":\"a\"}\n{\"layerIndex\":1}\n");
    assertThatThrownBy(() -> FileRecord.read(file))
        .hasMessageContaining("line 2")
        .hasMessageContaining("without a path");
    Files.writeString(file, "usr/bin/python3\n");
    assertThatThrownBy(() -> FileRecord.read(file)).hasMessageContaining("line 1");
    Files.write(file, new byte[] {'{', (byte) 0xff, '}'});
    assertThatThrownBy(() -> FileRecord.read(file)).hasMessageContaining("UTF-8");
  }

  private void image(Layer... layers) throws IOException {
    List<Json.Obj> blobs = new ArrayList<>();
    for (Layer layer : layers) {
      blobs.add(source.gzip(layer));
    }
    source.tag("1", source.image("amd64", blobs.toArray(Json.Obj[]::new)));
  }

  private RecordedFiles find(String... paths) throws IOException {
    List<FileRecord.Entry> entries = new ArrayList<>();
    for (String path : paths) {
      entries.add(FileRecord.Entry.opened(path, OptionalLong.empty()));
    }
    return find(new FileRecord(entries), List.of());
  }

  private RecordedFiles find(FileRecord record, List<String> listed) throws IOException {
    try (ImageSource from = source.open("1")) {
      return RecordedFiles.find(from, ALL, record, listed);
    }
  }

  private static RecordedFiles files(List<String> listed, ImageSource from) throws IOException {
    return RecordedFiles.find(from, ALL, new FileRecord(List.of()), listed);
  }

  private static List<String> layers(RecordedFiles files) {
    return files.record().entries().stream()
        .map(entry -> entry.path() + " " + entry.layer().orElse(-1))
        .toList();
  }

  private List<List<String>> converted(FileOrder order) throws IOException {
    try (ImageSource from = source.open("1")) {
      convert(from, folder.resolve("target"), order);
    }
    return namesOf(folder.resolve("target"));
  }

  private void convert(ImageSource from, Path target, FileOrder order) throws IOException {
    Converter converter =
        new Converter(
            EstargzOptions.DEFAULT.withLevel(1),
            Inflation.HERE,
            order,
            1 << 20,
            2,
            folder.resolve("spools"),
            Optional.empty(),
            false);
    try (ImageSink sink = LayoutSink.open(target, Optional.of("1"))) {
      converter.convert(from, sink, new TransferOptions(ALL, false, 2), TransferListener.NONE);
    }
  }

  private static List<List<String>> namesOf(Path layout) throws IOException {
    List<List<String>> all = new ArrayList<>();
    try (ImageSource image = new Layout(layout).open("1")) {
      for (PlatformImage.Layer layer :
          PlatformImage.of(image, new Platform("linux", "amd64", "")).layers()) {
        List<String> names = new ArrayList<>();
        Descriptor descriptor = layer.descriptor();
        var blob = image.blob(descriptor);
        TocReader.read(
            blob,
            TocLocator.locate(blob),
            TocLimits.DEFAULT,
            (TocEntry entry) -> names.add(entry.name()));
        assertThat(Digest.of(blob.read(new ByteRange(0, blob.size()))))
            .isEqualTo(descriptor.digest());
        all.add(names);
      }
    }
    return all;
  }
}
