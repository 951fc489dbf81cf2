package dev.asterism.estargz;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/// Blobs made by hand: of any bytes, or around a TOC of any text.
final class TestBlob implements Blob {
  /// Where the TOC of [#withToc] lies.
  static final int TOC_OFFSET = 1000;

  private final byte[] bytes;

  TestBlob(byte[] bytes) {
    this.bytes = bytes;
  }

  byte[] bytes() {
    return bytes;
  }

  /// 1000 zeros, a TOC member that holds `json`, and the footer.
  static TestBlob withToc(String json) throws IOException {
    return withToc(json.getBytes(UTF_8), Footer.of(TOC_OFFSET));
  }

  static TestBlob withToc(byte[] json, byte[] footer) throws IOException {
    return withMember(tar(Landmark.TOC, json), footer);
  }

  static TestBlob withMember(byte[] tar, byte[] footer) throws IOException {
    return concat(new byte[TOC_OFFSET], gzip(tar), footer);
  }

  static TestBlob concat(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return new TestBlob(all.toByteArray());
  }

  static byte[] tar(String name, byte[] content) throws IOException {
    ByteArrayOutputStream tar = new ByteArrayOutputStream();
    TarWriter writer = new TarWriter(tar);
    writer.add(TarEntry.file(name, 0444, content.length), new ByteArrayInputStream(content));
    writer.finish();
    return tar.toByteArray();
  }

  static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(content);
    }
    return bytes.toByteArray();
  }

  /// Reads the TOC of rows given as JSON objects.
  static List<TocEntry> entries(String... rows) throws IOException {
    String json = "{\"version\":1,\"entries\":[" + String.join(",", rows) + "]}";
    return withToc(json).entries();
  }

  /// Reads the TOC with default limits.
  List<TocEntry> entries() throws IOException {
    return entries(TocLimits.DEFAULT);
  }

  List<TocEntry> entries(TocLimits limits) throws IOException {
    List<TocEntry> entries = new ArrayList<>();
    TocReader.read(this, TocLocator.locate(this), limits, entries::add);
    return entries;
  }

  @Override
  public long size() {
    return bytes.length;
  }

  @Override
  public InputStream open(ByteRange range) {
    return new ByteArrayInputStream(bytes, (int) range.start(), (int) range.length());
  }
}
