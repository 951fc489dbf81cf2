package dev.asterism.bench.convert;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.bench.store.StoreFigures;
import dev.asterism.estargz.LayerStream;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarReader;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/// What the second version of a real archive costs a node that has the first: all files of Debian,
/// as it was released and with its updates, one behind the other in one large file. Updates insert
/// and take away bytes in many places.
///
/// @param asterism the program
/// @param folder an empty one, removed by the caller
record UpdatedArchive(Path asterism, Path folder) {
  private static final int CHUNK = 256 << 10; // 256 KiB: less than lies between two updates

  /// Measures and prints.
  ///
  /// @param first layout of an image whose largest blob is Debian
  /// @param second of its next version
  /// @param figures gets what was reached
  void run(Path first, Path second, StoreFigures figures) throws IOException, InterruptedException {
    LargeImage.write(folder.resolve("v1"), archive(first));
    LargeImage.write(folder.resolve("v2"), archive(second));
    VersionCost cost = new VersionCost(asterism, folder, CHUNK);
    double fixed = cost.newMegabytes("fixed");
    double content = cost.newMegabytes("content");
    System.out.printf(
        Locale.ROOT,
        "%nDebian's files in one archive, release and updates, new in version 2: %.1f MB cut every"
            + " %d KiB, %.1f MB cut by content (%.3f)%n",
        fixed,
        CHUNK >> 10,
        content,
        content / fixed);
    figures.number(
        "Debian's files in one archive, updated, new by content",
        "%.1f MB".formatted(content),
        "cut every %d KiB: %.1f MB".formatted(CHUNK >> 10, fixed),
        content / fixed,
        VersionCost.TARGET,
        "");
  }

  /// Names and contents of a layer's files, by name.
  private static List<byte[]> archive(Path layout) throws IOException {
    Path blob;
    try (Stream<Path> blobs = Files.list(layout.resolve("blobs/sha256"))) {
      blob = blobs.max(Comparator.comparingLong(path -> path.toFile().length())).orElseThrow();
    }
    Map<String, byte[]> files = new TreeMap<>();
    try (InputStream in = new BufferedInputStream(Files.newInputStream(blob));
        InputStream plain = LayerStream.plain(in)) {
      TarReader tar = new TarReader(plain);
      for (Optional<TarEntry> next = tar.next(); next.isPresent(); next = tar.next()) {
        if (next.get().type() == TarEntry.Type.FILE) {
          files.put(next.get().name(), tar.content().readAllBytes());
        }
      }
    }
    List<byte[]> pieces = new ArrayList<>();
    files.forEach((name, content) -> {
      pieces.add("%s %d\n".formatted(name, content.length).getBytes(UTF_8));
      pieces.add(content);
    });
    return pieces;
  }
}
