package dev.asterism.bench.convert;

import dev.asterism.bench.Main;
import dev.asterism.bench.store.StoreFigures;
import dev.asterism.content.Digest;
import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/// `./dev bench convert`: `asterism convert` beside `ctr-remote image convert --estargz --oci`, on
/// the same images in the same run, the memory that a layer of 2 GB takes, what a second version
/// costs, and what a start gains by `asterism optimize`. Exit code 1 if a target is missed.
@CommandLine.Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    description = "Measures conversion to eStargz beside Debian's ctr-remote.")
public final class ConvertBench implements Callable<Integer> {
  private static final String STORED = "docker/registry/v2";
  private static final int SAME_LEVEL = 9;

  @Option(names = "--images", paramLabel = "DIR", required = true, description = "of bench/images")
  private Path images = Path.of("");

  @Option(
      names = "--asterism",
      paramLabel = "DIR",
      required = true,
      description = "has bin/asterism")
  private Path asterism = Path.of("");

  @Option(names = "--image", paramLabel = "NAME", description = "default: python:1, gcc:1")
  private List<String> chosen = List.of("python:1", "gcc:1");

  @Option(
      names = "--versions",
      paramLabel = "NAME",
      description = "of which 1 and 2 are converted; default: ${DEFAULT-VALUE}")
  private String versions = "python";

  @Option(names = "--runs", paramLabel = "N", description = "default: ${DEFAULT-VALUE}")
  private int runs = 3;

  @Option(names = "--layer", paramLabel = "MIB", description = "default: ${DEFAULT-VALUE}")
  private int layer = 2048;

  /// Runs one command line and ends the process with its exit code.
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new ConvertBench()).execute(arguments));
  }

  private final StoreFigures figures = new StoreFigures(System.err);

  @Override
  public Integer call() throws IOException, InterruptedException {
    try (ScratchFolder scratch = ScratchFolder.create("asterism-bench-convert-")) {
      Path folder = scratch.path();
      System.out.println(
          "| image | converter | time | of ctr-remote's | CPU | size | of ctr-remote's | memory |");
      System.out.println("| --- | --- | --- | --- | --- | --- | --- | --- |");
      for (String image : chosen) {
        compare(image, Files.createDirectory(folder.resolve(image.replace(':', '-'))));
      }
      Path versionsFolder = Files.createDirectory(folder.resolve("versions"));
      afterAnother(versions + ":1", versions + ":2", versionsFolder);
      afterAnother("python:1", "gcc:1", Files.createDirectory(folder.resolve("same-base")));
      large(Files.createDirectory(folder.resolve("large")));
      new Insertion(
              asterism.resolve("bin/asterism"), Files.createDirectory(folder.resolve("inserted")))
          .run(figures);
      new UpdatedArchive(
              asterism.resolve("bin/asterism"), Files.createDirectory(folder.resolve("updated")))
          .run(versionsFolder.resolve("1"), versionsFolder.resolve("2"), figures);
    }
    System.out.println();
    System.out.print(figures.table());
    System.out.println();
    int starts = starts();
    return figures.allReached() ? starts : 1;
  }

  /// What a start gains by `asterism optimize`; has a table of its own.
  private int starts() {
    return new CommandLine(new Main())
        .execute(
            "--images=" + images,
            "--asterism=" + asterism,
            "--only=" + Main.SUBJECT,
            "--runs=" + runs,
            "start-ordered");
  }

  /// One converter's results on one image.
  private record Row(String name, List<Measured> samples, long size) {
    double seconds() {
      return samples.stream()
          .mapToDouble(m -> m.elapsed().toMillis() / 1e3)
          .sorted()
          .toArray()[samples.size() / 2];
    }

    double processor() {
      return samples.stream()
          .mapToDouble(m -> m.processor().toMillis() / 1e3)
          .sorted()
          .toArray()[samples.size() / 2];
    }

    long memory() {
      return samples.stream().mapToLong(Measured::memory).max().orElse(0);
    }
  }

  private void compare(String image, Path folder) throws IOException, InterruptedException {
    Path source = folder.resolve("source");
    extract(image, source);
    try (PrivateContainerd containerd = PrivateContainerd.start(folder.resolve("containerd"))) {
      Path archive = folder.resolve("source.tar");
      Command.of("tar", "-cf", archive.toString(), "-C", source.toString(), ".").runOrThrow();
      containerd
          .ctr(
              "images",
              "import",
              "--no-unpack",
              "--index-name",
              "bench/source:1",
              archive.toString())
          .runOrThrow();
      Row theirs = new Row("ctr-remote, level 9", new ArrayList<>(), 0);
      Row same = new Row("asterism, level 9", new ArrayList<>(), 0);
      Row usual = new Row("asterism, default", new ArrayList<>(), 0);
      for (int i = 0; i < runs; i++) {
        theirs = theirs(theirs, containerd, folder, i);
        same = ours(same, source, folder, "--level", String.valueOf(SAME_LEVEL));
        usual = ours(usual, source, folder);
      }
      for (Row row : List.of(theirs, same, usual)) {
        print(image, row, theirs);
      }
      target(image, same, theirs, 0.25, 1.00);
      target(image, usual, theirs, 0.15, 1.02);
    }
  }

  private static Row theirs(Row row, PrivateContainerd containerd, Path folder, int number)
      throws IOException, InterruptedException {
    String target = "bench/converted:" + number;
    row.samples()
        .add(
            Measured.run(
                containerd.ctrRemote(
                    "images", "convert", "--estargz", "--oci", "bench/source:1", target),
                folder.resolve("ctr-remote.log")));
    Path out = folder.resolve("theirs.tar");
    containerd.ctr("images", "export", out.toString(), target).runOrThrow();
    Path layout = Files.createDirectories(folder.resolve("theirs"));
    Command.of("tar", "-xf", out.toString(), "-C", layout.toString()).runOrThrow();
    containerd.ctr("images", "rm", "--sync", target).runOrThrow();
    return new Row(row.name(), row.samples(), blobs(layout));
  }

  private Row ours(Row row, Path source, Path folder, String... options)
      throws IOException, InterruptedException {
    Path target = folder.resolve("ours");
    remove(target);
    row.samples()
        .add(
            Measured.run(
                convert(source, target, folder).with(options), folder.resolve("asterism.log")));
    return new Row(row.name(), row.samples(), blobs(target));
  }

  private Command convert(Path source, Path target, Path temporary) {
    return Command.of(asterism.resolve("bin/asterism").toString(), "convert", "--rebuild", "--oci")
        .with("--temporary", temporary.toString(), "oci:" + source, "oci:" + target + ":1");
  }

  /// Bytes of all blobs of a layout.
  private static long blobs(Path layout) throws IOException {
    try (Stream<Path> files = Files.list(layout.resolve("blobs/sha256"))) {
      return files.mapToLong(file -> file.toFile().length()).sum();
    } finally {
      if (!layout.endsWith("ours")) {
        remove(layout);
      }
    }
  }

  private static void remove(Path tree) throws IOException {
    if (Files.exists(tree)) {
      try (Stream<Path> all = Files.walk(tree)) {
        for (Path each : all.sorted((a, b) -> b.compareTo(a)).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  private static void print(String image, Row row, Row theirs) {
    System.out.println(
        String.format(
            Locale.ROOT,
            "| %s | %s | %.1f s | %.2f | %.1f s | %.1f MB | %.3f | %d MiB |",
            image,
            row.name(),
            row.seconds(),
            row.seconds() / theirs.seconds(),
            row.processor(),
            row.size() / 1e6,
            (double) row.size() / theirs.size(),
            row.memory() >> 20));
  }

  private void target(String image, Row row, Row theirs, double time, double size) {
    figures.number(
        "%s, %s: time".formatted(image, row.name()),
        "%.1f s".formatted(row.seconds()),
        "%s: %.1f s".formatted(theirs.name(), theirs.seconds()),
        row.seconds() / theirs.seconds(),
        time,
        "");
    figures.number(
        "%s, %s: size".formatted(image, row.name()),
        "%.1f MB".formatted(row.size() / 1e6),
        "%s: %.1f MB".formatted(theirs.name(), theirs.size() / 1e6),
        (double) row.size() / theirs.size(),
        size,
        "");
  }

  /// One image into where another one was converted to, beside it by itself.
  ///
  /// @param folder gets the two images as layouts, `1` and `2`
  private void afterAnother(String one, String other, Path folder)
      throws IOException, InterruptedException {
    Path first = folder.resolve("1");
    Path second = folder.resolve("2");
    extract(one, first);
    extract(other, second);
    Path log = folder.resolve("asterism.log");
    Command convert =
        Command.of(asterism.resolve("bin/asterism").toString(), "convert", "--oci", "--temporary")
            .with(folder.toString())
            .withVariable("XDG_CACHE_HOME", folder.resolve("cache").toString());
    Path together = folder.resolve("together");
    Measured.run(convert.with("oci:" + first, "oci:" + together + ":1"), log);
    Measured after = Measured.run(convert.with("oci:" + second, "oci:" + together + ":2"), log);
    Measured alone = Measured.run(convert(second, folder.resolve("alone"), folder), log);
    double share = share(first, second);
    System.out.printf(
        Locale.ROOT,
        "%n%s after %s: %.1f s, CPU %.1f s; by itself: %.1f s, CPU %.1f s; of its layers' bytes"
            + " %.2f are new%n",
        other,
        one,
        after.elapsed().toMillis() / 1e3,
        after.processor().toMillis() / 1e3,
        alone.elapsed().toMillis() / 1e3,
        alone.processor().toMillis() / 1e3,
        share);
    double start = 0.2; // of the processor time by itself: what a process costs that does nothing
    figures.number(
        "%s after %s, %.2f of its bytes new: processor time".formatted(other, one, share),
        "%.1f s".formatted(after.processor().toMillis() / 1e3),
        "by itself: %.1f s".formatted(alone.processor().toMillis() / 1e3),
        (double) after.processor().toMillis() / alone.processor().toMillis(),
        share + start,
        "");
  }

  /// The share of a layout's bytes whose blobs another one does not have.
  private static double share(Path first, Path second) throws IOException {
    Path blobs = second.resolve("blobs/sha256");
    long all = 0;
    long fresh = 0;
    try (Stream<Path> files = Files.list(blobs)) {
      for (Path file : files.toList()) {
        long size = Files.size(file);
        all += size;
        fresh += Files.exists(first.resolve("blobs/sha256").resolve(file.getFileName())) ? 0 : size;
      }
    }
    return (double) fresh / all;
  }

  /// Layers of many MiB of which about half can be compressed away: one large file, and many small
  /// ones that were compressed and are sorted, for which the layer is read twice.
  private void large(Path folder) throws IOException, InterruptedException {
    Path one = folder.resolve("source");
    LargeImage.write(one, layer);
    memory("one file", convert(one, folder.resolve("ours"), folder), folder);
    remove(one);
    Path many = folder.resolve("many");
    LargeImage.writeFiles(many, layer);
    Path list = folder.resolve("list");
    Files.writeString(list, LargeImage.NAME.formatted(0, 7) + "\n");
    memory(
        "many files, gzip, sorted",
        convert(many, folder.resolve("sorted"), folder).with("--prefetch-list", list.toString()),
        folder);
  }

  private void memory(String what, Command convert, Path folder)
      throws IOException, InterruptedException {
    Measured took = Measured.run(convert, folder.resolve("asterism.log"));
    System.out.printf(
        Locale.ROOT,
        "%na layer of %d MiB, %s: %.1f s, %d MiB of memory%n",
        layer,
        what,
        took.elapsed().toMillis() / 1e3,
        took.memory() >> 20);
    figures.number(
        "memory, a layer of %d MiB, %s".formatted(layer, what),
        "%d MiB".formatted(took.memory() >> 20),
        "",
        (double) (took.memory() >> 20),
        512,
        " MiB");
  }

  /// Takes an image out of docker-registry's storage, as an OCI layout.
  private void extract(String image, Path layout) throws IOException {
    String[] parts = image.split(":", 2);
    Path storage = images.resolve("registry").resolve(STORED);
    Path link =
        storage
            .resolve("repositories")
            .resolve(parts[0])
            .resolve("_manifests/tags")
            .resolve(parts[1])
            .resolve("current/link");
    Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
    Digest manifest = Digest.parse(Files.readString(link).strip());
    String text = Files.readString(stored(storage, manifest));
    Matcher digest = Pattern.compile("sha256:[0-9a-f]{64}").matcher(text);
    Files.copy(stored(storage, manifest), blobs.resolve(manifest.hex()));
    while (digest.find()) {
      Digest blob = Digest.parse(digest.group());
      if (!Files.exists(blobs.resolve(blob.hex()))) {
        Files.copy(stored(storage, blob), blobs.resolve(blob.hex()));
      }
    }
    LargeImage.index(layout, manifest, Files.size(stored(storage, manifest)));
  }

  private static Path stored(Path storage, Digest digest) {
    return storage
        .resolve("blobs/sha256")
        .resolve(digest.hex().substring(0, 2))
        .resolve(digest.hex())
        .resolve("data");
  }
}
