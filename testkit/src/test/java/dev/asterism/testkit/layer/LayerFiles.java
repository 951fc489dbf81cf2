package dev.asterism.testkit.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.estargz.Chunk;
import dev.asterism.estargz.MemberReader;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocEntry.RegularFile;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.TreeSet;

/// A layer read back the way a snapshotter does: TOC, then all chunks in one pass over the blob.
record LayerFiles(
    TocLocation location, Digest tocDigest, List<TocEntry> entries, Map<Chunk, byte[]> chunks) {

  static LayerFiles read(Blob blob) throws IOException {
    TocLocation location = TocLocator.locate(blob);
    List<TocEntry> entries = new ArrayList<>();
    Digest digest = TocReader.read(blob, location, TocLimits.DEFAULT, entries::add);
    return new LayerFiles(location, digest, entries, inflate(blob, location, entries));
  }

  /// Returns a file's content, its chunks checked against their digests where they have one.
  byte[] content(RegularFile file) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (Chunk chunk : file.chunks()) {
      byte[] bytes = Objects.requireNonNull(chunks.get(chunk));
      chunk.digest().ifPresent(digest -> assertThat(Digest.of(bytes)).isEqualTo(digest));
      content.writeBytes(bytes);
    }
    return content.toByteArray();
  }

  /// Returns where members start that hold payload.
  NavigableSet<Long> members() {
    NavigableSet<Long> starts = new TreeSet<>();
    chunks.keySet().forEach(chunk -> starts.add(chunk.blobOffset()));
    return starts;
  }

  private static Map<Chunk, byte[]> inflate(Blob blob, TocLocation location, List<TocEntry> entries)
      throws IOException {
    List<Chunk> chunks = new ArrayList<>();
    for (TocEntry entry : entries) {
      if (entry instanceof RegularFile file) {
        chunks.addAll(file.chunks());
      }
    }
    chunks.sort(Comparator.comparingLong(Chunk::blobOffset).thenComparingLong(Chunk::innerOffset));
    NavigableSet<Long> ends = new TreeSet<>();
    chunks.forEach(chunk -> ends.add(chunk.blobOffset()));
    ends.add(location.tocOffset());
    Map<Chunk, byte[]> contents = new HashMap<>();
    ByteRange span = new ByteRange(0, location.tocOffset());
    long member = -1;
    try (InputStream in = blob.open(span);
        MemberReader reader = new MemberReader(in, span)) {
      for (Chunk chunk : chunks) {
        if (chunk.blobOffset() != member) {
          member = chunk.blobOffset();
          reader.start(new ByteRange(member, ends.higher(member)));
        }
        contents.put(chunk, reader.read(chunk.innerOffset(), chunk.size()));
      }
    }
    return contents;
  }
}
