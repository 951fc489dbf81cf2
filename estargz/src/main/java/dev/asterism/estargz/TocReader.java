package dev.asterism.estargz;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.DigestInputStream;
import java.security.MessageDigest;

/// Reads a TOC as a stream: memory does not grow with the number of its entries. Stateless.
public final class TocReader {
  private TocReader() {}

  /// Hands every entry of the TOC to `visitor` and returns the TOC digest: of all bytes of the
  /// JSON, which is the tar entry `stargz.index.json` or, in zstd:chunked, all of the TOC's frame.
  ///
  /// What the visitor got is to be believed only when that digest is the expected one: see
  /// [#verify].
  ///
  /// @throws MalformedLayerException if it is no TOC, names the entry; the visitor may have got
  ///   entries before
  /// @throws IOException if the blob can't be read, or the visitor throws
  public static Digest read(Blob blob, TocLocation location, TocLimits limits, TocVisitor visitor)
      throws IOException {
    return text(blob, location, limits, rows(location, limits, visitor));
  }

  /// What is done with a TOC's JSON.
  @FunctionalInterface
  public interface Text {
    /// Reads as much of it as it wants.
    ///
    /// @param json ends early, by an exception, where it is more than the limits allow
    void read(InputStream json) throws IOException;
  }

  private static Text rows(TocLocation location, TocLimits limits, TocVisitor visitor) {
    TocRows rows = new TocRows(location.tocOffset(), limits, visitor);
    return json -> new TocParser(limits, rows).parse(json);
  }

  /// As the other, for its text alone: whether that is a TOC is not looked at.
  public static Digest text(Blob blob, TocLocation location, TocLimits limits, Text text)
      throws IOException {
    if (location.range().length() > limits.compressedSize()) {
      throw new MalformedLayerException(
          location.tocOffset(),
          "TOC of %d compressed bytes, more than %d"
              .formatted(location.range().length(), limits.compressedSize()));
    }
    try (InputStream in = blob.open(location.range())) {
      return text(in, location, limits, text);
    }
  }

  /// As the other.
  ///
  /// @param in gives the bytes of the location's range
  static Digest read(InputStream in, TocLocation location, TocLimits limits, TocVisitor visitor)
      throws IOException {
    return text(in, location, limits, rows(location, limits, visitor));
  }

  private static Digest text(InputStream in, TocLocation location, TocLimits limits, Text text)
      throws IOException {
    try (MemberInflater member = new MemberInflater(in, location.range())) {
      member.start(location.range());
      InputStream toc = new TocStream(member, location.tocOffset(), limits);
      return switch (location.format()) {
        case ESTARGZ, LEGACY_STARGZ -> readTar(toc, location.tocOffset(), text);
        case ZSTD_CHUNKED -> readJson(toc, text);
        case EXTERNAL_TOC ->
            throw new MalformedLayerException(
                location.tocOffset(),
                "eStargz layer with an external TOC: that is in another image");
      };
    }
  }

  /// Reads the TOC of a layer whose TOC is elsewhere; else as the other.
  ///
  /// @param toc a gzip member that holds a tar with nothing but `stargz.index.json`
  /// @param layer where the layer's payload ends
  public static Digest readExternal(
      Blob toc, TocLocation layer, TocLimits limits, TocVisitor visitor) throws IOException {
    return externalText(toc, layer, limits, rows(layer, limits, visitor));
  }

  /// As the other, for its text alone.
  public static Digest externalText(Blob toc, TocLocation layer, TocLimits limits, Text text)
      throws IOException {
    if (toc.size() > limits.compressedSize()) {
      throw new MalformedLayerException(
          0,
          "external TOC of %d compressed bytes, more than %d"
              .formatted(toc.size(), limits.compressedSize()));
    }
    ByteRange all = new ByteRange(0, toc.size());
    try (InputStream in = toc.open(all);
        MemberInflater member = new MemberInflater(in, all)) {
      member.start(all);
      return readTar(new TocStream(member, 0, limits), layer.tocOffset(), text);
    }
  }

  /// Compares a TOC's digest with the one that the manifest pins.
  ///
  /// @param layer what the TOC is of, for the message
  /// @throws CorruptContentException if they differ
  public static void verify(String layer, Digest expected, Digest actual)
      throws CorruptContentException {
    if (!expected.equals(actual)) {
      throw new CorruptContentException("TOC of layer " + layer, expected, actual);
    }
  }

  private static Digest readTar(InputStream tar, long payloadEnd, Text text) throws IOException {
    TarReader reader = new TarReader(tar);
    boolean found = reader.next().map(TarEntry::name).filter(Landmark.TOC::equals).isPresent();
    if (!found) {
      throw new MalformedLayerException(
          payloadEnd, "the TOC's member does not start with " + Landmark.TOC);
    }
    Digest digest = readJson(reader.content(), text);
    tar.transferTo(OutputStream.nullOutputStream());
    return digest;
  }

  private static Digest readJson(InputStream toc, Text text) throws IOException {
    MessageDigest hasher = Digest.hasher();
    InputStream json = new DigestInputStream(toc, hasher);
    text.read(json);
    json.transferTo(OutputStream.nullOutputStream());
    return Digest.finish(hasher);
  }
}
