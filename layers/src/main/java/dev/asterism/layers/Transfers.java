package dev.asterism.layers;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.MemberReader;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.Semaphore;

/// Runs spans: asks the registry for a range, inflates chunk by chunk as the bytes come, and hands
/// each on.
///
/// Each span has a virtual thread of its own. How many compressed bytes are on their way at a time
/// is bounded; who comes later waits for its turn. Thread-safe.
final class Transfers {
  private static final Logger LOGGER = System.getLogger(Transfers.class.getName());
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

  /// Asks first and waits for its turn with the answer at hand: a registry that does not answer
  /// takes nobody's turn.
  private void run(Blob blob, Span span, Receiver receiver) {
    int weight = (int) Math.clamp(span.range().length() / UNIT, 1L, units);
    Progress progress = new Progress(span, receiver);
    try (InputStream in = blob.open(span.range());
        MemberReader reader = new MemberReader(in, span.range())) {
      inFlight.acquireUninterruptibly(weight);
      try {
        progress.decode(reader);
        memory.decoded(span.chunks().stream().mapToLong(LayerChunk::size).sum());
      } finally {
        inFlight.release(weight);
      }
    } catch (IOException e) {
      progress.failRest(e);
    } catch (RuntimeException e) {
      LOGGER.log(Level.ERROR, "bug while fetching span=" + span.range(), e);
      progress.failRest(new IOException("a bug while fetching: " + e, e));
    } catch (Error e) {
      progress.failRest(new IOException("a bug while fetching: " + e, e));
      throw e;
    }
  }

  /// How far a span has come. Confined to its thread.
  private static final class Progress {
    private final Span span;
    private final Receiver receiver;
    private int done;

    Progress(Span span, Receiver receiver) {
      this.span = span;
      this.receiver = receiver;
    }

    void decode(MemberReader reader) throws IOException {
      for (; done < span.chunks().size(); done++) {
        LayerChunk chunk = span.chunks().get(done);
        boolean first =
            done == 0 || chunk.member().start() != span.chunks().get(done - 1).member().start();
        Transfers.decode(reader, first, span.range(), chunk, receiver);
      }
    }

    void failRest(IOException cause) {
      for (; done < span.chunks().size(); done++) {
        receiver.failed(span.chunks().get(done), cause);
      }
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
}
