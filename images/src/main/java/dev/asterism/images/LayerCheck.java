package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.Chunk;
import dev.asterism.estargz.Landmark;
import dev.asterism.estargz.LayerStream;
import dev.asterism.estargz.MemberReader;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocPin;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarReader;
import dev.asterism.registry.Descriptor;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Reads a layer whole, in both ways, and compares: as a tar, as who pulls it whole does, and chunk
/// by chunk through its TOC, as a lazy reader does. Used once.
final class LayerCheck {
  private static final int LARGE_CHUNK = 16 << 20; // 16 MiB
  private static final int SMALL_LAYER = 1 << 20; // 1 MiB: fetched at once anyway
  private static final double NEARLY_ALL = 0.9;
  private static final int BUFFER = 64 << 10; // 64 KiB

  private final Descriptor layer;
  private final Blob blob;
  private final LayerTocs tocs;
  private final List<Finding> findings = new ArrayList<>();
  private final List<TocEntry> entries = new ArrayList<>();

  private LayerCheck(Descriptor layer, Blob blob, LayerTocs tocs) {
    this.layer = layer;
    this.blob = blob;
    this.tocs = tocs;
  }

  /// What was noticed.
  ///
  /// @param wrong whether a reader gets something wrong, or nothing; else it only suffers
  /// @param text one sentence
  public record Finding(boolean wrong, String text) {}

  /// Checks a layer.
  ///
  /// @param diffId what the image's config says of it
  /// @param tocs of its image
  /// @throws IOException if the blob can't be read; what is wrong with it is a finding
  static List<Finding> of(Descriptor layer, Digest diffId, Blob blob, LayerTocs tocs)
      throws IOException {
    LayerCheck check = new LayerCheck(layer, blob, tocs);
    Optional<TocLocation> location = check.toc();
    check.whole(diffId, location.isPresent());
    if (location.isPresent()) {
      check.chunks(location.get());
      check.comfort(location.get().tocOffset());
    }
    return List.copyOf(check.findings);
  }

  private void wrong(String text) {
    findings.add(new Finding(true, text));
  }

  private void suffers(String text) {
    findings.add(new Finding(false, text));
  }

  private Optional<TocLocation> toc() throws IOException {
    try {
      LayerTocs.Toc toc = tocs.read(layer.digest(), blob, entries::add);
      comparePin(toc.digest());
      return Optional.of(toc.location());
    } catch (MalformedLayerException e) {
      suffers("not lazy, is pulled whole: " + e.getMessage());
      entries.clear();
      return Optional.empty();
    }
  }

  private void comparePin(Digest digest) throws IOException {
    try {
      Optional<Digest> pinned = TocPin.of(layer.annotations(), blob);
      if (pinned.isEmpty()) {
        suffers("the manifest does not pin the TOC: a reader that verifies pulls the layer whole");
      } else if (!pinned.get().equals(digest)) {
        wrong("the manifest pins TOC %s, the layer has %s".formatted(pinned.get(), digest));
      }
    } catch (CorruptContentException e) {
      wrong("the manifest pins another TOC: " + e.getMessage());
    }
  }

  private void whole(Digest diffId, boolean compare) throws IOException {
    long[] size = {0};
    try (VerifiedInput raw = VerifiedInput.open(blob, _ -> {});
        InputStream plain = LayerStream.plain(raw);
        VerifiedInput tar = new VerifiedInput(plain, n -> size[0] = n)) {
      compareOrder(new TarReader(new BufferedInputStream(tar, BUFFER)), compare);
      Digest actual = tar.finish();
      String declared =
          layer.annotations().getOrDefault(Annotations.UNCOMPRESSED_SIZE, "" + size[0]);
      if (!declared.equals(Long.toString(size[0]))) {
        wrong("the manifest says %s bytes uncompressed, there are %d".formatted(declared, size[0]));
      }
      if (!actual.equals(diffId)) {
        wrong("diff ID is %s, the config says %s".formatted(actual, diffId));
      }
      Digest digest = raw.finish();
      if (!digest.equals(layer.digest())) {
        wrong("the blob hashes to " + digest);
      }
    } catch (MalformedLayerException e) {
      wrong("as a tar: " + e.getMessage());
    }
  }

  /// The TOC lists what the tar holds, in its order.
  private void compareOrder(TarReader tar, boolean compare) throws IOException {
    int at = 0;
    for (Optional<TarEntry> e = tar.next(); e.isPresent(); e = tar.next()) {
      String name = e.get().name();
      if (!compare || name.equals(Landmark.TOC)) {
        continue;
      }
      if (at == entries.size() || !RowComparison.isSame(entries.get(at), e.get())) {
        wrong("entry %d of the tar is '%s', the TOC has something else there".formatted(at, name));
        return;
      }
      RowComparison.difference(entries.get(at), e.get())
          .ifPresent(what -> wrong("'%s' has %s".formatted(name, what)));
      at++;
    }
    if (compare && at < entries.size()) {
      wrong("the TOC lists '%s', the tar does not".formatted(entries.get(at).name()));
    }
  }

  private record Located(TocEntry.RegularFile file, Chunk chunk) {}

  /// Every chunk is where the TOC says, and hashes to what it says.
  private void chunks(TocLocation location) throws IOException {
    List<Located> chunks = new ArrayList<>();
    for (TocEntry entry : entries) {
      if (entry instanceof TocEntry.RegularFile file) {
        file.chunks().forEach(chunk -> chunks.add(new Located(file, chunk)));
      }
    }
    chunks.sort(
        Comparator.comparingLong((Located l) -> l.chunk().blobOffset())
            .thenComparingLong(l -> l.chunk().innerOffset()));
    ByteRange all = new ByteRange(0, location.tocOffset());
    try (InputStream in = new BufferedInputStream(blob.open(all), BUFFER);
        MemberReader reader = new MemberReader(in, all)) {
      WholeFiles files = new WholeFiles();
      long member = -1;
      for (int i = 0; i < chunks.size(); i++) {
        Chunk chunk = chunks.get(i).chunk();
        if (chunk.blobOffset() != member) {
          member = chunk.blobOffset();
          reader.start(new ByteRange(member, nextMember(chunks, i, all.end())));
        }
        byte[] bytes = reader.read(chunk.innerOffset(), chunk.size());
        if (!chunk.digest().equals(Optional.of(Digest.of(bytes)))) {
          wrong(
              "chunk at %d of '%s' does not hash to what the TOC says"
                  .formatted(chunk.fileOffset(), chunks.get(i).file().name()));
        }
        files.add(chunks.get(i).file(), chunk, bytes);
      }
      files.wrong().forEach(name -> wrong("'%s' has another digest in the TOC".formatted(name)));
    } catch (MalformedLayerException e) {
      wrong("chunk by chunk: " + e.getMessage());
    }
  }

  private static long nextMember(List<Located> chunks, int from, long end) {
    long member = chunks.get(from).chunk().blobOffset();
    for (int i = from + 1; i < chunks.size(); i++) {
      if (chunks.get(i).chunk().blobOffset() > member) {
        return chunks.get(i).chunk().blobOffset();
      }
    }
    return end;
  }

  /// A reader fetches all that lies before the landmark when it mounts the layer.
  private void prefetched(long payload) {
    for (TocEntry entry : entries) {
      if (entry instanceof TocEntry.RegularFile file
          && file.name().equals(Landmark.PREFETCH)
          && !file.chunks().isEmpty()) {
        long first = file.chunks().getFirst().blobOffset();
        if (payload > SMALL_LAYER && first > payload * NEARLY_ALL) {
          suffers(
              "the landmark makes a reader fetch %d of %d bytes when it mounts the layer"
                  .formatted(first, payload));
        }
      }
    }
  }

  private void comfort(long payload) {
    List<String> landmarks =
        entries.stream()
            .map(TocEntry::name)
            .filter(name -> name.equals(Landmark.PREFETCH) || name.equals(Landmark.NO_PREFETCH))
            .toList();
    if (landmarks.size() != 1) {
      suffers(
          landmarks.isEmpty()
              ? "no landmark: a reader does not know what to fetch first"
              : "several landmarks: " + landmarks);
    }
    prefetched(payload);
    long large =
        entries.stream()
            .filter(TocEntry.RegularFile.class::isInstance)
            .flatMap(entry -> ((TocEntry.RegularFile) entry).chunks().stream())
            .filter(chunk -> chunk.size() > LARGE_CHUNK)
            .count();
    if (large > 0) {
      suffers("%d chunks of more than 16 MiB: one byte costs all of it".formatted(large));
    }
  }
}
