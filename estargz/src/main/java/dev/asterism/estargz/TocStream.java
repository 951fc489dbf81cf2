package dev.asterism.estargz;

import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.io.InputStream;

/// The TOC's member, inflated, up to a limit. Confined to one thread.
final class TocStream extends InputStream {
  private final MemberInflater member;
  private final long tocOffset;
  private final TocLimits limits;

  TocStream(MemberInflater member, long tocOffset, TocLimits limits) {
    this.member = member;
    this.tocOffset = tocOffset;
    this.limits = limits;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    int n = member.read(target, offset, length);
    if (member.inflated() > limits.inflatedSize()) {
      throw new MalformedLayerException(
          tocOffset, "TOC inflates to more than %d bytes".formatted(limits.inflatedSize()));
    }
    return n;
  }
}
