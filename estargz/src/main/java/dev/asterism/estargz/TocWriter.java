package dev.asterism.estargz;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.InflaterInputStream;

/// Writes a TOC's JSON as Go's encoder lays it out: fields in the specification's order, those that
/// are zero left out, indented by tabs.
///
/// The size of the TOC must be known before its first byte goes out, so it is kept until then, but
/// deflated: some 50 bytes a row. Confined to one thread.
final class TocWriter {
  private final Segments kept = new Segments();
  private final Deflater deflater = new Deflater(Deflater.BEST_SPEED);
  private final DeflaterOutputStream out = new DeflaterOutputStream(kept, deflater);
  private final MessageDigest hasher = Digest.hasher();
  private final StringBuilder text = new StringBuilder();
  private long size;
  private boolean first = true;
  private boolean firstField = true;

  /// Adds a row.
  void add(TocRow row) {
    text.append(first ? "{\n\t\"version\": 1,\n\t\"entries\": [\n\t\t{" : ",\n\t\t{");
    first = false;
    firstField = true;
    key("name");
    quoted(row.name);
    key("type");
    quoted(row.type);
    field("size", row.size);
    field("modtime", row.modtime);
    field("linkName", row.linkName);
    field("mode", row.mode);
    field("uid", row.uid);
    field("gid", row.gid);
    field("offset", row.offset);
    field("innerOffset", row.innerOffset);
    field("devMajor", row.devMajor);
    field("devMinor", row.devMinor);
    xattrs(row.xattrs);
    field("digest", row.digest);
    field("chunkOffset", row.chunkOffset);
    field("chunkSize", row.chunkSize);
    field("chunkDigest", row.chunkDigest);
    text.append("\n\t\t}");
    flush();
  }

  /// Ends the TOC and returns its digest.
  Digest finish() {
    text.append(first ? "{\n\t\"version\": 1,\n\t\"entries\": []\n}" : "\n\t]\n}");
    flush();
    try {
      out.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    deflater.close();
    return Digest.finish(hasher);
  }

  /// Returns the number of its bytes.
  long size() {
    return size;
  }

  /// Returns its bytes, once it is finished; the caller closes the stream.
  InputStream content() {
    return new InflaterInputStream(kept.content());
  }

  private void xattrs(Map<String, byte[]> xattrs) {
    if (xattrs.isEmpty()) {
      return;
    }
    key("xattrs");
    String separator = "{";
    for (Map.Entry<String, byte[]> xattr : xattrs.entrySet()) {
      text.append(separator).append("\n\t\t\t\t");
      separator = ",";
      quoted(xattr.getKey());
      text.append(": \"").append(Base64.getEncoder().encodeToString(xattr.getValue())).append('"');
    }
    text.append("\n\t\t\t}");
  }

  private void field(String name, long value) {
    if (value != 0) {
      key(name);
      text.append(value);
    }
  }

  private void field(String name, String value) {
    if (!value.isEmpty()) {
      key(name);
      quoted(value);
    }
  }

  private void key(String name) {
    text.append(firstField ? "\n\t\t\t\"" : ",\n\t\t\t\"").append(name).append("\": ");
    firstField = false;
  }

  private void quoted(String value) {
    text.append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      if (c == '"' || c == '\\') {
        text.append('\\').append(c);
      } else if (c < ' ') {
        text.append("\\u%04x".formatted((int) c));
      } else {
        text.append(c);
      }
    }
    text.append('"');
  }

  private void flush() {
    byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
    text.setLength(0);
    size += bytes.length;
    hasher.update(bytes);
    try {
      out.write(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a byte array does not fail
    }
  }
}
