package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;

/// What one real start read, and where it lies in the layers' blobs. Immutable.
///
/// As text: a line for each chunk, in the order of use: milliseconds, number of the layer, where
/// its member starts and ends in the blob, and its number there.
///
/// @param uses in order; a chunk comes once
record StartTrace(List<Use> uses) {
  /// @param member compressed bytes
  /// @param chunk its number in the layer that was read, in the order of the blob
  record Use(long millis, int layer, ByteRange member, int chunk) {}

  StartTrace {
    uses = List.copyOf(uses);
  }

  /// Reads one of the traces that are kept with the tests.
  static StartTrace load(String name) throws IOException {
    try (InputStream in = StartTrace.class.getResourceAsStream("/traces/" + name + ".trace");
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(
                    Objects.requireNonNull(in, name), StandardCharsets.US_ASCII))) {
      return new StartTrace(lines.lines().map(StartTrace::use).toList());
    }
  }

  private static Use use(String line) {
    String[] words = line.split(" ", -1);
    return new Use(
        Long.parseLong(words[0]),
        Integer.parseInt(words[1]),
        new ByteRange(Long.parseLong(words[2]), Long.parseLong(words[3])),
        Integer.parseInt(words[4]));
  }

  /// Returns the compressed bytes of all members that are used.
  long bytes() {
    return uses.stream().mapToLong(use -> use.member().length()).sum();
  }

  /// Returns the number of layers.
  int layers() {
    return 1 + uses.stream().mapToInt(Use::layer).max().orElse(0);
  }

  /// Returns the members that are used of a layer, in blob order.
  List<ByteRange> members(int layer) {
    return uses.stream()
        .filter(use -> use.layer() == layer)
        .map(Use::member)
        .distinct()
        .sorted((a, b) -> Long.compare(a.start(), b.start()))
        .toList();
  }

  /// Makes a trace of what a daemon has learned: `ROOT IMAGE FILE`.
  public static void main(String[] words) throws IOException {
    Path root = Path.of(words[0]);
    Profile profile = ProfileStore.of(root).findExactly(words[1]).orElseThrow();
    List<ChunkTable> tables = new ArrayList<>();
    for (Digest layer : profile.layers()) {
      tables.add(ChunkTable.open(LayerDirectory.of(root.resolve("layers"), layer).table()));
    }
    Set<String> lines = new LinkedHashSet<>();
    for (Profile.File file : profile.files()) {
      ChunkTable table = tables.get(file.layer());
      OptionalInt index = table.find(file.content());
      for (ByteRange range : index.isPresent() ? file.ranges() : List.<ByteRange>of()) {
        for (LayerChunk chunk : table.chunksOf(table.object(index.getAsInt()), range)) {
          lines.add(
              "%d %d %d %d %d"
                  .formatted(
                      file.millis(),
                      file.layer(),
                      chunk.member().start(),
                      Batch.needed(chunk),
                      chunk.number()));
        }
      }
    }
    Files.write(Path.of(words[2]), lines);
  }
}
