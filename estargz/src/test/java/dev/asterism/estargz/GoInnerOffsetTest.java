package dev.asterism.estargz;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// A layer with several chunks in a member that the Go stargz snapshotter's library has written
/// (`README.md` beside it tells how).
class GoInnerOffsetTest {
  private static final Digest TOC =
      Digest.parse("sha256:0af8c6fc6be72961e540ce8928527dbd38fddde8ec740940b2c0aac29161b169");

  private Blob blob;
  private TocLocation location;
  private Digest toc;
  private final Map<String, TocEntry> entries = new LinkedHashMap<>();

  @BeforeEach
  void read() throws IOException {
    try (InputStream in = getClass().getResourceAsStream("go-min-chunk-size.esgz")) {
      blob = new TestBlob(in.readAllBytes());
    }
    location = TocLocator.locate(blob);
    toc =
        TocReader.read(
            blob, location, TocLimits.DEFAULT, entry -> entries.put(entry.name(), entry));
  }

  private Map<String, Integer> sizes() {
    Map<String, Integer> sizes = new HashMap<>();
    for (int n = 0; n < 24; n++) {
      sizes.put("d/small" + n, 37 * (n + 1));
    }
    for (int n = 0; n < 12; n++) {
      sizes.put("d/after" + n, 1000 + n);
    }
    sizes.putAll(Map.of("empty", 0, "large", 150_001, "exact", 16_384, "big", 70_000, "last", 5));
    return sizes;
  }

  private static byte[] content(String name, int size) {
    StringBuilder text = new StringBuilder();
    for (int n = 0; text.length() < size; n++) {
      text.append(name).append(' ').append(n).append('\n');
    }
    return text.substring(0, size).getBytes(US_ASCII);
  }

  private List<TocEntry.RegularFile> files() {
    return entries.values().stream()
        .filter(entry -> !entry.isBookkeeping())
        .filter(TocEntry.RegularFile.class::isInstance)
        .map(TocEntry.RegularFile.class::cast)
        .toList();
  }

  @Test
  void read_toc_hasItsDigestAndEveryEntry() {
    assertThat(toc).isEqualTo(TOC);
    assertThat(files().stream().collect(Collectors.toMap(TocEntry::name, f -> (int) f.size())))
        .isEqualTo(sizes());
    assertThat(entries.get("link")).isInstanceOf(TocEntry.HardLink.class);
  }

  @Test
  void read_chunks_shareMembers() {
    List<Chunk> chunks = files().stream().flatMap(file -> file.chunks().stream()).toList();
    Map<Long, Long> inMember =
        chunks.stream().collect(Collectors.groupingBy(Chunk::blobOffset, Collectors.counting()));

    assertThat(inMember.values()).anyMatch(count -> count > 10);
    assertThat(chunks).anyMatch(chunk -> chunk.innerOffset() > 0 && chunk.fileOffset() > 0);
    assertThat(chunks).allMatch(chunk -> chunk.digest().isPresent());
  }

  @Test
  void read_everyChunk_isWhatTheTarHeld() throws IOException {
    record Piece(TocEntry.RegularFile file, Chunk chunk) {}
    List<Piece> pieces =
        files().stream()
            .flatMap(file -> file.chunks().stream().map(chunk -> new Piece(file, chunk)))
            .sorted(
                Comparator.comparingLong((Piece piece) -> piece.chunk().blobOffset())
                    .thenComparingLong(piece -> piece.chunk().innerOffset()))
            .toList();
    TreeSet<Long> members =
        pieces.stream()
            .map(piece -> piece.chunk().blobOffset())
            .collect(Collectors.toCollection(TreeSet::new));
    ByteRange payload = new ByteRange(0, location.tocOffset());
    long member = -1;
    try (InputStream in = blob.open(payload);
        MemberReader reader = new MemberReader(in, payload)) {
      for (Piece piece : pieces) {
        Chunk chunk = piece.chunk();
        if (chunk.blobOffset() != member) {
          member = chunk.blobOffset();
          Long next = members.higher(member);
          reader.start(new ByteRange(member, next == null ? payload.end() : next));
        }
        byte[] bytes = reader.read(chunk.innerOffset(), chunk.size());

        byte[] whole = content(piece.file().name(), (int) piece.file().size());
        int from = (int) chunk.fileOffset();
        assertThat(bytes).isEqualTo(Arrays.copyOfRange(whole, from, from + bytes.length));
        assertThat(chunk.digest()).contains(Digest.of(bytes));
      }
    }
  }
}
