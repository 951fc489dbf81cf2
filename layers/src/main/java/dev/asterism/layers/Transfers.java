package dev.asterism.layers;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.MemberReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.Semaphore;

/// Runs spans: asks the registry for a range, inflates chunk by chunk as the bytes come, and hands
/// each on.
///
/// Each span has a virtual thread of its own. How many compressed bytes are asked for at a time is
/// bounded; who comes later waits for its turn. Thread-safe.
final class Transfers {
  private static final int UNIT = 1 << 10; // 1 KiB

  private final Semaphore inFlight;
  private final int units;
  private final IdleMemory memory;

  Transfers(FetchPolicy policy, IdleMemory memory) {
    this.memory = memory;
    this.units = (int) Math.min(policy.maxInFlight() / UNIT, Integer.MAX_VALUE);
    this.inFlight = new Semaphore(units, true);
  }

  /// Who takes what a span brings. Called on the span's thread, for each of its chunks exactly
  /// once.
  interface Receiver {
    void arrived(LayerChunk chunk, byte[] bytes);

    void failed(LayerChunk chunk, IOException cause);
  }

  /// Starts a span; returns at once.
  void start(Blob blob, Span span, Receiver receiver) {
    Thread.ofVirtual().name("span " + span.range()).start(() -> run(blob, span, receiver));
  }

  private void run(Blob blob, Span span, Receiver receiver) {
    int weight = (int) Math.clamp(span.range().length() / UNIT, 1L, units);
    inFlight.acquireUninterruptibly(weight);
    try {
      decode(blob, span, receiver);
      memory.decoded(span.chunks().stream().mapToLong(LayerChunk::size).sum());
    } finally {
      inFlight.release(weight);
    }
  }

  private static void decode(Blob blob, Span span, Receiver receiver) {
    int done = 0;
    try (InputStream in = blob.open(span.range());
        MemberReader reader = new MemberReader(in, span.range())) {
      for (; done < span.chunks().size(); done++) {
        boolean first =
            done == 0
                || span.chunks().get(done).member().start()
                    != span.chunks().get(done - 1).member().start();
        decode(reader, first, span.range(), span.chunks().get(done), receiver);
      }
    } catch (IOException e) {
      failRest(span, done, receiver, e);
    } catch (RuntimeException | Error e) {
      failRest(span, done, receiver, new IOException("a bug while fetching: " + e, e));
      throw e;
    }
  }

  /// Decodes one chunk. One that is malformed fails alone: the next member can still be read.
  private static void decode(
      MemberReader reader, boolean first, ByteRange span, LayerChunk chunk, Receiver receiver)
      throws IOException {
    byte[] bytes;
    try {
      if (first) {
        ByteRange member = chunk.member();
        reader.start(new ByteRange(member.start(), Math.min(member.end(), span.end())));
      }
      bytes = reader.read(chunk.innerOffset(), chunk.size());
    } catch (MalformedLayerException e) {
      receiver.failed(chunk, e);
      return;
    }
    receiver.arrived(chunk, bytes);
  }

  private static void failRest(Span span, int from, Receiver receiver, IOException cause) {
    for (LayerChunk chunk : span.chunks().subList(from, span.chunks().size())) {
      receiver.failed(chunk, cause);
    }
  }
}
