package dev.asterism.estargz;

import dev.asterism.content.ByteRange;
import dev.asterism.content.MalformedLayerException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;

/// Reads chunk payloads out of a span of a blob while it arrives.
///
/// Members are visited in the order of the blob, payloads in a member by rising inner offset:
///
/// ```java
/// try (var body = blob.open(span); var reader = new MemberReader(body, span)) {
///   reader.start(new ByteRange(chunk.blobOffset(), nextBlobOffset));
///   byte[] bytes = reader.read(chunk.innerOffset(), chunk.size());
/// }
/// ```
///
/// What is behind the last payload that was asked for is neither inflated nor checked, and what is
/// read is not verified: the caller hashes it. After a [MalformedLayerException] the next member
/// can still be started, unless the bad one ran into it. Confined to one thread.
public final class MemberReader implements Closeable {
  private static final int SCRATCH_SIZE = 8 << 10; // 8 KiB

  private final MemberInflater members;
  private ByteRange member;
  private byte[] scratch = new byte[0];

  /// @param in gives the bytes of `span`, from its start; closing it stays with the caller
  /// @param span what `in` is of the blob
  public MemberReader(InputStream in, ByteRange span) {
    members = new MemberInflater(in, span);
    member = new ByteRange(span.start(), span.start());
  }

  /// Goes on to a member, skipping the blob's bytes before it.
  ///
  /// @param range from the member's offset to the next member's, or to the span's end where that is
  ///   not known; nothing behind it is consumed
  /// @throws MalformedLayerException if no member is there, or the reader is already past it
  /// @throws IllegalArgumentException if it ends behind the span
  public void start(ByteRange range) throws IOException {
    members.start(range);
    member = range;
  }

  /// Returns `size` bytes of the current member, a new array.
  ///
  /// @param innerOffset in uncompressed bytes; not before the end of the last read
  /// @param size 1 or more; the caller has bounded it
  /// @throws MalformedLayerException if the member is damaged or ends before that, or the reader is
  ///   already past `innerOffset`
  /// @throws IOException if the span can't be read
  public byte[] read(long innerOffset, int size) throws IOException {
    long end = innerOffset + size;
    if (innerOffset < members.inflated()) {
      throw new MalformedLayerException(
          member.start(), "payloads overlap in a member at inner offset " + innerOffset);
    }
    if (end / members.maxRatio() > member.length()) {
      throw tooShort(end);
    }
    if (members.inflated() == 0) {
      members.expect(end);
    }
    skipTo(innerOffset);
    byte[] bytes = new byte[size];
    int done = 0;
    while (done < size) {
      int n = members.read(bytes, done, size - done);
      if (n < 0) {
        throw tooShort(end);
      }
      done += n;
    }
    return bytes;
  }

  /// Gives the inflater's memory back; the stream stays open.
  @Override
  public void close() {
    members.close();
  }

  private void skipTo(long innerOffset) throws IOException {
    if (members.inflated() < innerOffset && scratch.length == 0) {
      scratch = new byte[SCRATCH_SIZE];
    }
    while (members.inflated() < innerOffset) {
      int wanted = (int) Math.min(SCRATCH_SIZE, innerOffset - members.inflated());
      if (members.read(scratch, 0, wanted) < 0) {
        throw tooShort(innerOffset);
      }
    }
  }

  private MalformedLayerException tooShort(long end) {
    return new MalformedLayerException(
        member.start(), "member does not hold %d bytes".formatted(end));
  }
}
