package dev.asterism.testkit.registry;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/// A layer to be put into an image. Immutable.
///
/// @param content the blob
/// @param mediaType as its descriptor says
/// @param diffId digest of the uncompressed tar
/// @param annotations of its descriptor
public record TestLayer(
    Content content, String mediaType, Digest diffId, Map<String, String> annotations) {
  private static final String GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
  private static final String TAR = "application/vnd.oci.image.layer.v1.tar";

  public TestLayer {
    annotations = Map.copyOf(annotations);
  }

  /// Returns a gzip-compressed layer, of one member or many; inflates it for its diffID.
  public static TestLayer gzip(byte[] blob) {
    return gzip(Content.of(blob));
  }

  /// Returns the gzip-compressed layer in `file`, which stays where it is while it is served.
  public static TestLayer gzip(Path file) {
    return gzip(Content.of(file));
  }

  private static TestLayer gzip(Content content) {
    MessageDigest hasher = Digest.hasher();
    try (InputStream in = new GZIPInputStream(content.open(), 64 << 10)) {
      byte[] buffer = new byte[64 << 10];
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        hasher.update(buffer, 0, n);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("not gzip", e);
    }
    return new TestLayer(content, GZIP, Digest.finish(hasher), Map.of());
  }

  /// Returns a layer of any bytes, presented as an uncompressed tar.
  public static TestLayer raw(byte[] blob) {
    Content content = Content.of(blob);
    return new TestLayer(content, TAR, content.digest(), Map.of());
  }

  /// Returns it with one annotation more.
  public TestLayer annotated(String key, String value) {
    Map<String, String> more = new HashMap<>(annotations);
    more.put(key, value);
    return new TestLayer(content, mediaType, diffId, more);
  }
}
