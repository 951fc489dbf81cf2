package dev.asterism.bench;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.estargz.Chunk;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/// What is in an eStargz image, by its TOCs: the yardstick for bytes fetched and bytes kept.
///
/// A file that an upper layer replaces or deletes counts like any other. Immutable.
///
/// @param compressedSize bytes of all layers in the registry
/// @param tocSize bytes of all TOCs and footers in the registry
/// @param chunks every chunk once
/// @param files size of every file in bytes; the top layer's where several have the name
record Contents(
    long compressedSize, long tocSize, Map<Digest, Size> chunks, Map<String, Long> files) {

  /// Bytes of a chunk. Immutable.
  ///
  /// @param plain uncompressed
  /// @param compressed what it takes in the registry at least: its member up to the next one
  record Size(long plain, long compressed) {}

  Contents {
    chunks = Map.copyOf(chunks);
    files = Map.copyOf(files);
  }

  /// Reads the TOCs of an image's layers, lowest first.
  ///
  /// @throws IOException if a blob cannot be read or is no eStargz layer
  static Contents read(List<Blob> layers) throws IOException {
    Map<Digest, Size> chunks = new HashMap<>();
    Map<String, Long> files = new HashMap<>();
    long compressed = 0;
    long tocs = 0;
    for (Blob layer : layers) {
      TocLocation location = TocLocator.locate(layer);
      compressed += layer.size();
      tocs += layer.size() - location.tocOffset();
      List<Chunk> found = new ArrayList<>();
      TocReader.read(layer, location, TocLimits.DEFAULT, entry -> collect(entry, found, files));
      addSizes(found, location.tocOffset(), chunks);
    }
    return new Contents(compressed, tocs, chunks, files);
  }

  private static void collect(TocEntry entry, List<Chunk> chunks, Map<String, Long> files) {
    if (entry instanceof TocEntry.RegularFile file && !file.isBookkeeping()) {
      chunks.addAll(file.chunks());
      files.put(file.name(), file.size());
    }
  }

  private static void addSizes(List<Chunk> chunks, long end, Map<Digest, Size> sizes) {
    TreeMap<Long, Long> members = new TreeMap<>(); // blob offset → bytes of its chunks
    chunks.forEach(chunk -> members.merge(chunk.blobOffset(), (long) chunk.size(), Long::sum));
    for (Chunk chunk : chunks) {
      Long next = members.higherKey(chunk.blobOffset());
      long member = (next == null ? end : next) - chunk.blobOffset();
      long share = member * chunk.size() / members.getOrDefault(chunk.blobOffset(), 1L);
      chunk
          .digest()
          .ifPresent(
              digest -> sizes.merge(digest, new Size(chunk.size(), share), Contents::cheaper));
    }
  }

  private static Size cheaper(Size a, Size b) {
    return a.compressed() <= b.compressed() ? a : b;
  }

  /// Returns the bytes that must come from the registry when everything of `held` is here already:
  /// the chunks that are new, compressed, and the TOCs.
  long missing(Contents held) {
    return tocSize
        + chunks.entrySet().stream()
            .filter(chunk -> !held.chunks.containsKey(chunk.getKey()))
            .mapToLong(chunk -> chunk.getValue().compressed())
            .sum();
  }

  /// Returns the uncompressed bytes of all chunks of both, each once.
  long union(Contents other) {
    return inFiles(other, 1);
  }

  /// Returns the same where every chunk is a file of its own on a disk.
  ///
  /// @param block bytes of which a file takes whole ones; from 1 on
  long inFiles(Contents other, long block) {
    Map<Digest, Size> all = new HashMap<>(chunks);
    all.putAll(other.chunks);
    return all.values().stream().mapToLong(size -> Math.ceilDiv(size.plain(), block) * block).sum();
  }

  /// Returns the absolute path of the file whose size is nearest to `size` bytes.
  String fileOf(long size) {
    Comparator<Map.Entry<String, Long>> distance =
        Comparator.comparingLong(file -> Math.abs(file.getValue() - size));
    return "/"
        + files.entrySet().stream()
            .min(distance.thenComparing(Map.Entry.comparingByKey()))
            .orElseThrow()
            .getKey();
  }

  /// Returns it for people.
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%.1f MB in the registry, %.1f MB of them TOCs; %.1f MB unpacked in %,d chunks",
        compressedSize / 1e6,
        tocSize / 1e6,
        union(this) / 1e6,
        chunks.size());
  }
}
