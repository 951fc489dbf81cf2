package dev.asterism.estargz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Any bytes at all are read, or refused with an `IOException`; never anything else, and never
/// without end.
///
/// An ordinary run goes through the inputs kept in `src/test/resources`; with `JAZZER_FUZZ=1`
/// Jazzer looks for more, one method at a time.
class FormatFuzzTest {
  /// What the fuzzed blob's chunk sizes are bounded by: a few bytes shall not cost much memory.
  private static final TocLimits LIMITS = TocLimits.DEFAULT.withChunkSizes(1 << 20, 1 << 30);

  private static final int MOST = 4 << 20; // 4 MiB read of what a few bytes inflate to

  private static final EstargzOptions OPTIONS =
      EstargzOptions.DEFAULT.withLevel(1).withChunkSize(1024);

  @FuzzTest(maxDuration = "2m")
  void tar_anyBytes_areReadOrRefused(byte[] bytes) {
    try {
      TarReader reader = new TarReader(new ByteArrayInputStream(bytes));
      for (Optional<TarEntry> e = reader.next(); e.isPresent(); e = reader.next()) {
        assertThat(e.get().size()).isNotNegative();
        assertThat(reader.endOffset()).isGreaterThanOrEqualTo(reader.contentOffset());
        readSome(reader.content());
      }
    } catch (IOException _) {
      // refused
    }
  }

  @FuzzTest(maxDuration = "2m")
  void footer_anyBytes_pointIntoTheBlobOrAreRefused(byte[] bytes) {
    TestBlob blob = new TestBlob(bytes);
    try {
      TocLocation location = TocLocator.locate(blob);
      assertThat(location.range().start()).isNotNegative();
      assertThat(location.range().end()).isLessThanOrEqualTo(bytes.length);
    } catch (IOException _) {
      // refused
    }
  }

  @FuzzTest(maxDuration = "2m")
  void toc_anyBytes_areReadOrRefused(byte[] bytes) {
    List<TocEntry> entries = new ArrayList<>();
    try {
      new TocParser(LIMITS, new TocRows(1 << 30, LIMITS, entries::add))
          .parse(new ByteArrayInputStream(bytes));
      for (TocEntry entry : entries) {
        assertThat(entry.name()).doesNotStartWith("/").doesNotEndWith("/");
        assertThat(List.of(entry.name().split("/"))).doesNotContain("..", ".");
      }
    } catch (IOException _) {
      // refused
    }
  }

  @FuzzTest(maxDuration = "2m")
  void zstdManifest_anyBytes_areReadOrRefused(byte[] bytes) {
    TocLocation location =
        new TocLocation(TocLocation.Format.ZSTD_CHUNKED, new ByteRange(0, bytes.length));
    try {
      TocReader.read(new TestBlob(bytes), location, LIMITS, _ -> {});
    } catch (IOException _) {
      // refused
    }
  }

  @FuzzTest(maxDuration = "2m")
  void blob_anyBytes_areReadByChunksAndAsATarOrRefused(byte[] bytes) {
    TestBlob blob = new TestBlob(bytes);
    List<TocEntry> entries = new ArrayList<>();
    try {
      TocLocation location = TocLocator.locate(blob);
      if (location.format() != TocLocation.Format.EXTERNAL_TOC) {
        TocReader.read(blob, location, LIMITS, entries::add);
        readChunks(blob, location, entries);
      }
    } catch (IOException _) {
      // refused
    }
    try (InputStream plain = LayerStream.plain(new ByteArrayInputStream(bytes))) {
      readSome(plain);
    } catch (IOException _) {
      // refused
    }
  }

  /// What could be converted is read back.
  @FuzzTest(maxDuration = "2m")
  void convert_anyTar_isReadBackOrRefused(byte[] bytes) throws IOException {
    if (isLarge(bytes)) {
      return;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    EstargzLayer made;
    try {
      made = EstargzWriter.convert(new ByteArrayInputStream(bytes), OPTIONS, out);
    } catch (IOException _) {
      return; // refused
    }
    TestBlob blob = new TestBlob(out.toByteArray());
    List<TocEntry> entries = new ArrayList<>();
    TocLocation location = TocLocator.locate(blob);
    Digest toc = TocReader.read(blob, location, TocLimits.DEFAULT, entries::add);
    assertThat(toc).isEqualTo(made.tocDigest());
    readChunks(blob, location, entries);
  }

  /// Tells whether a tar holds more than this test has time for: a sparse file's holes.
  private static boolean isLarge(byte[] bytes) {
    long all = 0;
    try (InputStream plain = LayerStream.plain(new ByteArrayInputStream(bytes))) {
      TarReader reader = new TarReader(plain);
      for (Optional<TarEntry> e = reader.next(); e.isPresent(); e = reader.next()) {
        all += e.get().size();
        if (all < 0 || all > MOST) {
          return true;
        }
      }
    } catch (IOException _) {
      return all > MOST;
    }
    return false;
  }

  private static void readChunks(TestBlob blob, TocLocation location, List<TocEntry> entries)
      throws IOException {
    for (TocEntry entry : entries) {
      if (entry instanceof TocEntry.RegularFile file) {
        for (Chunk chunk : file.chunks()) {
          ByteRange from = new ByteRange(chunk.blobOffset(), location.tocOffset());
          try (InputStream in = blob.open(from);
              MemberReader reader = new MemberReader(in, from)) {
            reader.start(from);
            byte[] bytes = reader.read(chunk.innerOffset(), chunk.size());
            if (chunk.digest().isPresent() && !chunk.digest().get().equals(Digest.of(bytes))) {
              throw new MalformedLayerException(chunk.blobOffset(), "another digest");
            }
          }
        }
      }
    }
  }

  private static void readSome(InputStream in) throws IOException {
    byte[] buffer = new byte[8 << 10]; // 8 KiB
    int all = 0;
    for (int n = in.read(buffer); n >= 0 && all < MOST; n = in.read(buffer)) {
      all += n;
    }
  }
}
