package dev.asterism.cli.e2e;

import static dev.asterism.testkit.layer.Entry.charDevice;
import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.hardLink;
import static dev.asterism.testkit.layer.Entry.symlink;
import static dev.asterism.testkit.layer.Entry.whiteout;

import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// Options of `asterism convert` that change what is written, and a small image to convert with
/// them: programs, files of many kinds, and a layer that changes some. Immutable.
///
/// @param seed of its content, which no other one has
/// @param isLazy whether layers can be read in pieces then
/// @param options words of the command
record ConversionCase(int seed, boolean isLazy, List<String> options) {
  private static final Pattern LIBRARY = Pattern.compile("(/\\S+) \\(0x");
  private static final int LARGE = 2_000_000; // bytes: several chunks of the smaller sizes

  static Stream<ConversionCase> all() {
    return Stream.of(
        lazy(1, "--min-chunk-size=50000", "--chunk-size=100000"),
        lazy(2, "--chunking=content", "--chunk-size=100000", "--oci"),
        lazy(3, "--gzip-helper=gzip", "--encoder=zlib", "--level=9"),
        lazy(4, "--zstdchunked"),
        lazy(5, "--zstdchunked", "--chunking=content", "--chunk-size=100000"),
        lazy(6, "--external-toc", "--min-chunk-size=50000"),
        lazy(7, "--keep-diff-id", "--chunk-size=100000"),
        lazy(8, "--keep-diff-id", "--chunking=content", "--gzip-helper=gzip"),
        new ConversionCase(9, false, List.of("--uncompress")));
  }

  private static ConversionCase lazy(int seed, String... options) {
    return new ConversionCase(seed, true, List.of(options));
  }

  /// Tells whether its TOCs are an image of their own.
  boolean hasTocsBeside() {
    return options.contains("--external-toc") || options.contains("--keep-diff-id");
  }

  @Override
  public String toString() {
    return String.join(" ", options);
  }

  /// Returns a layer of `sh` and `sha256sum` and the libraries that they load.
  static TestLayer programs() throws IOException, InterruptedException {
    TreeSet<String> libraries = new TreeSet<>();
    List<Entry> entries = new ArrayList<>(List.of(dir("bin")));
    TreeSet<String> folders = new TreeSet<>(); // each behind the one above
    for (String name : List.of("sh", "sha256sum")) {
      Path program = Path.of("/usr/bin", name);
      entries.add(file("bin/" + name, Files.readAllBytes(program)).mode(0755));
      String loaded = Command.of("ldd", program.toString()).runOrThrow().text();
      LIBRARY.matcher(loaded).results().map(found -> found.group(1)).forEach(libraries::add);
    }
    for (String library : libraries) {
      for (int i = library.indexOf('/', 1); i > 0; i = library.indexOf('/', i + 1)) {
        folders.add(library.substring(1, i));
      }
    }
    folders.forEach(folder -> entries.add(dir(folder)));
    for (String library : libraries) {
      entries.add(file(library.substring(1), Files.readAllBytes(Path.of(library))).mode(0755));
    }
    return TestLayer.gzip(new Layer(entries).tarGz());
  }

  /// Returns what the image has at `/data/large`.
  byte[] large() {
    return RandomTrees.content(Seeds.generator(seed), LARGE);
  }

  /// Serves the image as it is before, and returns its name.
  String serve(TestRegistry registry, TestLayer programs) {
    Layer top =
        Layer.of(
            dir("data").mode(0751).owner(1000, 1001),
            whiteout("data/small-3"),
            file("data/small-4", "changed " + seed));
    return registry.reference(
        registry.image(
            "options/plain",
            Integer.toString(seed),
            ImageConfig.running("/bin/sh"),
            List.of(programs, TestLayer.gzip(data().tarGz()), TestLayer.gzip(top.tarGz()))));
  }

  private Layer data() {
    List<Entry> entries =
        new ArrayList<>(
            List.of(
                dir("data").mode(0751).owner(1000, 1001),
                file("data/large", large()),
                hardLink("data/same", "data/large"),
                symlink("data/link", "large"),
                charDevice("data/null", 1, 3),
                file("data/noted", "noted " + seed).xattr("user.note", "seed " + seed),
                file("data/special", "special " + seed).mode(04711),
                file("data/" + "n".repeat(150), "long name " + seed),
                file("data/empty", "")));
    for (int i = 0; i < 30; i++) {
      entries.add(file("data/small-" + i, "content %d %d ".formatted(seed, i).repeat(200)));
    }
    return new Layer(entries);
  }
}
