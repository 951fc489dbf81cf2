package dev.asterism.estargz;

import dev.asterism.content.Digest;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.zip.GZIPOutputStream;

/// Makes members of a tar, cut where the caller says so: compressed by workers side by side,
/// written in their order.
///
/// What waits, waits within [Workers#memory]; beyond it the caller waits for the oldest member.
/// Where members are cut does not depend on who is faster, so neither do the blob's bytes. Used by
/// one thread; the workers touch nothing but the members they were given.
final class MemberPipeline implements Closeable {
  /// Headers without content behind a payload: more of them open a member of their own.
  private static final int MAX_TAIL = 1 << 20; // 1 MiB

  private static final long MAX_WHOLE = 64 << 20; // 64 MiB
  private static final int STREAM_BUFFER = 64 << 10; // 64 KiB

  /// Room beside a payload for its padding and the next headers.
  private static final int USUAL_TAIL = 2 << 10; // 2 KiB

  private final OutputStream out;
  private final EstargzOptions options;
  private final Workers workers;
  private final Written written;
  private final BufferPool pool;
  private final ConcurrentLinkedQueue<MemberEncoder.Members> encoders =
      new ConcurrentLinkedQueue<>();
  private final Deque<Flying> flying = new ArrayDeque<>();
  private long inFlight;
  private final MessageDigest blob = Digest.hasher();
  private final MessageDigest tar = Digest.hasher();
  private long blobSize;
  private long tarSize;
  private Member open;
  private boolean mustCut;

  /// What follows a member that was written.
  interface Written {
    /// Goes on.
    void run() throws IOException;
  }

  private record Flying(Member member, long footprint, CompletableFuture<Void> compressed) {}

  /// @param written called after each member that reached `out`
  MemberPipeline(OutputStream out, EstargzOptions options, Workers workers, Written written) {
    this.out = out;
    this.options = options;
    this.workers = workers;
    this.written = written;
    pool = new BufferPool(workers.memory());
    open = new Member(pool, USUAL_TAIL);
  }

  /// Returns the member that bytes go to.
  Member open() {
    return open;
  }

  /// Tells whether the next payload has to open a member, whatever the options say.
  boolean mustCut() {
    return mustCut;
  }

  /// Ends the open member, if it holds anything: the next byte opens one.
  ///
  /// @param expected payload bytes that follow
  void cut(int expected) throws IOException {
    mustCut = false;
    if (open.length() > 0) {
      dispatch();
    }
    open = new Member(pool, expected + USUAL_TAIL);
  }

  /// Adds bytes of the tar that are no payload.
  void write(byte[] bytes, int offset, int length) throws IOException {
    for (int done = 0; done < length; ) {
      if (open.tail() >= MAX_TAIL) {
        cut(0);
        mustCut = true;
      }
      int n = Math.min(length - done, MAX_TAIL - open.tail());
      open.add(bytes, offset + done, n);
      done += n;
    }
  }

  /// Adds all of `bytes`.
  void write(byte[] bytes) throws IOException {
    write(bytes, 0, bytes.length);
  }

  /// Adds a chunk to the open member; returns its number there.
  int addPayload(InputStream content, int size, Optional<MessageDigest> whole) throws IOException {
    return open.addPayload(content, size, whole);
  }

  /// Waits until all but the open member is written.
  void flush() throws IOException {
    cut(0);
    while (!flying.isEmpty()) {
      land(flying.removeFirst());
    }
  }

  /// Flushes, and writes all of `content` as one member, however long.
  ///
  /// Up to 64 MiB by the encoder, from memory; more by zlib, as a stream.
  ///
  /// @param length bytes of `content`
  /// @return the member's offset in the blob
  long writeMember(InputStream content, long length) throws IOException {
    flush();
    long start = blobSize;
    if (length > MAX_WHOLE) {
      stream(content);
      return start;
    }
    open = new Member(pool, (int) length);
    open.addPayload(content, (int) length, Optional.empty());
    flush();
    return start;
  }

  private void stream(InputStream content) throws IOException {
    OutputStream counted =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            write(new byte[] {(byte) b}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            blob.update(bytes, offset, length);
            blobSize += length;
          }
        };
    try (GZIPOutputStream gzip = new GZIPOutputStream(counted, STREAM_BUFFER)) {
      byte[] buffer = new byte[STREAM_BUFFER];
      for (int n = content.read(buffer); n >= 0; n = content.read(buffer)) {
        tar.update(buffer, 0, n);
        tarSize += n;
        gzip.write(buffer, 0, n);
      }
    }
  }

  /// Flushes, and writes bytes to the blob that are none of the tar.
  ///
  /// @return their offset in the blob
  long writeRaw(InputStream bytes) throws IOException {
    flush();
    long start = blobSize;
    byte[] buffer = new byte[STREAM_BUFFER];
    for (int n = bytes.read(buffer); n >= 0; n = bytes.read(buffer)) {
      writeRaw(buffer, n);
    }
    return start;
  }

  private void writeRaw(byte[] bytes, int length) throws IOException {
    out.write(bytes, 0, length);
    blob.update(bytes, 0, length);
    blobSize += length;
  }

  /// Ends the blob: flushes, and writes the footer as it is.
  ///
  /// @return what became of it, with `tocDigest` and `manifest` as given
  EstargzLayer finish(
      byte[] footer, Digest tocDigest, Optional<EstargzLayer.CompressedToc> manifest)
      throws IOException {
    flush();
    writeRaw(footer, footer.length);
    return new EstargzLayer(
        Digest.finish(blob),
        blobSize,
        tocDigest,
        Digest.finish(tar),
        tarSize,
        manifest,
        Optional.empty());
  }

  private void dispatch() throws IOException {
    Member member = open;
    member.hash(tar);
    tarSize += member.length();
    long footprint = member.footprint();
    while (!flying.isEmpty()
        && (flying.getFirst().compressed().isDone() || inFlight + footprint > workers.memory())) {
      land(flying.removeFirst());
    }
    inFlight += footprint;
    flying.addLast(
        new Flying(
            member,
            footprint,
            CompletableFuture.runAsync(() -> compress(member), workers.executor())));
  }

  private void compress(Member member) {
    MemberEncoder.Members mine = encoders.poll();
    MemberEncoder.Members encoder = mine == null ? options.encoder().open(options.level()) : mine;
    member.compress(encoder);
    encoders.add(encoder);
  }

  private void land(Flying oldest) throws IOException {
    try {
      oldest.compressed().join();
    } catch (CompletionException e) {
      throw new IllegalStateException("compressing a member", e.getCause());
    }
    inFlight -= oldest.footprint();
    blobSize += oldest.member().writeTo(out, blob, blobSize);
    written.run();
  }

  /// Waits for the workers and gives memory back. What was not written is lost.
  @Override
  public void close() {
    flying.forEach(each -> each.compressed().exceptionally(_ -> null).join());
    flying.clear();
    encoders.forEach(MemberEncoder.Members::close);
    encoders.clear();
  }
}
