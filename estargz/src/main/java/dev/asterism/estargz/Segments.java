package dev.asterism.estargz;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Bytes in memory that are never copied as they grow. Confined to one thread.
final class Segments extends OutputStream {
  private static final int SEGMENT_SIZE = 64 << 10; // 64 KiB

  private final List<byte[]> segments = new ArrayList<>();
  private int used = SEGMENT_SIZE;

  @Override
  public void write(int b) {
    write(new byte[] {(byte) b}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int offset, int length) {
    int done = 0;
    while (done < length) {
      if (used == SEGMENT_SIZE) {
        segments.add(new byte[SEGMENT_SIZE]);
        used = 0;
      }
      int n = Math.min(length - done, SEGMENT_SIZE - used);
      System.arraycopy(bytes, offset + done, segments.getLast(), used, n);
      used += n;
      done += n;
    }
  }

  /// Returns how many bytes were written.
  long size() {
    return segments.isEmpty() ? 0 : (segments.size() - 1L) * SEGMENT_SIZE + used;
  }

  /// Returns all that was written.
  InputStream content() {
    List<InputStream> parts = new ArrayList<>();
    for (int i = 0; i < segments.size(); i++) {
      int length = i == segments.size() - 1 ? used : SEGMENT_SIZE;
      parts.add(new ByteArrayInputStream(segments.get(i), 0, length));
    }
    return new SequenceInputStream(Collections.enumeration(parts));
  }

  /// Returns all that was written as a blob; nothing may be written afterwards.
  Blob blob() {
    return new Whole();
  }

  private final class Whole implements Blob {
    @Override
    public long size() {
      return Segments.this.size();
    }

    @Override
    public InputStream open(ByteRange range) {
      if (range.end() > size()) {
        throw new IllegalArgumentException("%s reaches beyond %d bytes".formatted(range, size()));
      }
      List<InputStream> parts = new ArrayList<>();
      for (long at = range.start(); at < range.end(); ) {
        int within = (int) (at % SEGMENT_SIZE);
        int length = (int) Math.min(range.end() - at, SEGMENT_SIZE - within);
        parts.add(
            new ByteArrayInputStream(segments.get((int) (at / SEGMENT_SIZE)), within, length));
        at += length;
      }
      return new SequenceInputStream(Collections.enumeration(parts));
    }
  }
}
