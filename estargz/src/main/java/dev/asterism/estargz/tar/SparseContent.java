package dev.asterism.estargz.tar;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;

/// A sparse file's content with its holes as zeros. Confined to one thread.
final class SparseContent extends InputStream {
  private final SparseMap map;
  private final InputStream stored;
  private long at;
  private int part;

  /// @param stored the parts' bytes, one behind the other
  SparseContent(SparseMap map, InputStream stored) {
    this.map = map;
    this.stored = stored;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0 || at == map.fileSize()) {
      return length == 0 ? 0 : -1;
    }
    boolean inPart = part < map.parts().size() && map.parts().get(part).offset() <= at;
    int n = inPart ? stored(target, offset, length) : hole(target, offset, length);
    at += n;
    if (inPart && at == map.parts().get(part).offset() + map.parts().get(part).size()) {
      part++;
    }
    return n;
  }

  private int stored(byte[] target, int offset, int length) throws IOException {
    SparseMap.Part current = map.parts().get(part);
    long rest = current.offset() + current.size() - at;
    int n = stored.read(target, offset, (int) Math.min(length, rest));
    if (n < 0) {
      throw new EOFException("content of a sparse file ends early");
    }
    return n;
  }

  private int hole(byte[] target, int offset, int length) {
    long end = part < map.parts().size() ? map.parts().get(part).offset() : map.fileSize();
    int n = (int) Math.min(length, end - at);
    Arrays.fill(target, offset, offset + n, (byte) 0);
    return n;
  }
}
