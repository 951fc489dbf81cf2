package dev.asterism.estargz;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.util.Arrays;

/// Finds a blob's TOC by the footer at the blob's end.
///
/// Every footer is recognised by its own bytes (eStargz specification, "Footer"; stargz; external
/// TOC; zstd:chunked), so no trial decoding is needed. Stateless.
public final class TocLocator {
  /// Bytes at the end of a blob that are enough to tell every format.
  public static final int MAX_FOOTER_SIZE = Footer.SIZE;

  // LE64 offset, compressed size, size and type, then the magic.
  private static final int ZSTD_CHUNKED_SIZE = 40;
  private static final byte[] ZSTD_CHUNKED_MAGIC = {0x47, 0x6e, 0x55, 0x6c, 0x49, 0x6e, 0x55, 0x78};
  // What containers/storage writes today ends the same way with an upper-case N.
  private static final byte[] ZSTD_CHUNKED_MAGIC_2 = {
    0x47, 0x4e, 0x55, 0x6c, 0x49, 0x6e, 0x55, 0x78
  };

  private TocLocator() {}

  /// Reads the footer of `blob` and returns where the TOC lies.
  ///
  /// The range is never empty and lies within the blob, before the footer.
  ///
  /// @throws MalformedLayerException if there is no footer, the footer points outside the blob, or
  ///   it belongs to a format that can't be read yet; the message says which
  /// @throws IOException if the blob can't be read
  public static TocLocation locate(Blob blob) throws IOException {
    long size = blob.size();
    int tailSize = (int) Math.min(size, MAX_FOOTER_SIZE);
    byte[] tail = blob.read(ByteRange.ofLength(size - tailSize, tailSize));
    byte[] field = Footer.findExtraField(tail, Footer.SIZE);
    if (field.length == Footer.EXTRA_SIZE && Footer.isSubfield(field, Footer.PAYLOAD_SIZE)) {
      return located(
          TocLocation.Format.ESTARGZ,
          size,
          Footer.SIZE,
          Arrays.copyOfRange(field, 4, field.length));
    }
    field = Footer.findExtraField(tail, Footer.LEGACY_SIZE);
    if (field.length == Footer.PAYLOAD_SIZE) {
      return located(TocLocation.Format.LEGACY_STARGZ, size, Footer.LEGACY_SIZE, field);
    }
    refuseOthers(tail, size);
    throw new MalformedLayerException(size - tailSize, "no TOC: not an eStargz layer");
  }

  private static TocLocation located(
      TocLocation.Format format, long size, int footerSize, byte[] payload)
      throws MalformedLayerException {
    long footerOffset = size - footerSize;
    String text = new String(payload, US_ASCII);
    if (!text.endsWith(Footer.MAGIC)) {
      throw new MalformedLayerException(footerOffset, "no TOC: not an eStargz layer");
    }
    long tocOffset = Footer.parseOffset(text.substring(0, 16), footerOffset);
    if (tocOffset >= footerOffset) {
      throw new MalformedLayerException(
          footerOffset, "footer points at a TOC at %d, beyond itself".formatted(tocOffset));
    }
    return new TocLocation(format, new ByteRange(tocOffset, footerOffset));
  }

  private static void refuseOthers(byte[] tail, long size) throws MalformedLayerException {
    byte[] field = Footer.findExtraField(tail, Footer.EXTERNAL_SIZE);
    if (field.length > 4
        && Footer.isSubfield(field, Footer.EXTERNAL_MAGIC.length())
        && new String(field, 4, field.length - 4, US_ASCII).equals(Footer.EXTERNAL_MAGIC)) {
      throw new MalformedLayerException(
          size - Footer.EXTERNAL_SIZE, "eStargz layer with an external TOC: not supported");
    }
    if (tail.length >= ZSTD_CHUNKED_SIZE
        && (endsWith(tail, ZSTD_CHUNKED_MAGIC) || endsWith(tail, ZSTD_CHUNKED_MAGIC_2))) {
      throw new MalformedLayerException(
          size - ZSTD_CHUNKED_SIZE, "zstd:chunked layer: not supported");
    }
  }

  private static boolean endsWith(byte[] bytes, byte[] end) {
    return Arrays.equals(bytes, bytes.length - end.length, bytes.length, end, 0, end.length);
  }
}
