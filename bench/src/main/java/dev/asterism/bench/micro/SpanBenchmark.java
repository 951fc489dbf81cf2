package dev.asterism.bench.micro;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.estargz.Chunk;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.MemberReader;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/// What it costs to turn a fetched span into verified chunks: inflate and hash 4 MiB of them.
///
/// The bytes deflate to about a third, like the files of a Debian image.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class SpanBenchmark {
  private static final int SIZE = 4 << 20; // 4 MiB
  private static final int WORDS = 2000;

  /// Uncompressed bytes of a chunk.
  @Param({"8192", "262144"})
  public int chunkSize;

  private Blob blob = Layer.of().estargz().blob();
  private final List<Chunk> chunks = new ArrayList<>();
  private long end;

  /// Makes the span.
  @Setup
  public void prepare() throws IOException {
    EstargzOptions options = EstargzOptions.DEFAULT.withLevel(6).withChunkSize(chunkSize);
    blob = Layer.of(Entry.file("file", content())).estargz(options).blob();
    TocLocation location = TocLocator.locate(blob);
    end = location.tocOffset();
    TocReader.read(blob, location, TocLimits.DEFAULT, this::collect);
  }

  private void collect(TocEntry entry) {
    if (entry instanceof TocEntry.RegularFile file && !file.isBookkeeping()) {
      chunks.addAll(file.chunks());
    }
  }

  // Words of 6 random bytes out of a small vocabulary.
  private static byte[] content() {
    Random random = new Random(1);
    byte[][] words = new byte[WORDS][6];
    for (byte[] word : words) {
      random.nextBytes(word);
    }
    byte[] bytes = new byte[SIZE];
    for (int at = 0; at + 6 <= SIZE; at += 6) {
      System.arraycopy(words[random.nextInt(WORDS)], 0, bytes, at, 6);
    }
    return bytes;
  }

  /// Returns the bytes that were verified, so that nothing is optimized away.
  @Benchmark
  public long inflateAndVerify() throws IOException {
    ByteRange span = new ByteRange(chunks.getFirst().blobOffset(), end);
    long size = 0;
    try (InputStream in = blob.open(span);
        MemberReader reader = new MemberReader(in, span)) {
      for (int i = 0; i < chunks.size(); i++) {
        Chunk chunk = chunks.get(i);
        long next = i + 1 < chunks.size() ? chunks.get(i + 1).blobOffset() : end;
        reader.start(new ByteRange(chunk.blobOffset(), next));
        byte[] bytes = reader.read(chunk.innerOffset(), chunk.size());
        size += VerifiedChunk.verify("span", chunk.digest().orElseThrow(), bytes).size();
      }
    }
    return size;
  }
}
