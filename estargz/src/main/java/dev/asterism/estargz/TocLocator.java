package dev.asterism.estargz;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/// Finds a blob's TOC by the footer at the blob's end.
///
/// Every footer is recognised by its own bytes (eStargz specification, "Footer"; stargz; external
/// TOC; zstd:chunked), so no trial decoding is needed. Stateless.
public final class TocLocator {
  /// Bytes at the end of a blob that are enough to tell every format.
  public static final int MAX_FOOTER_SIZE = ZstdFooter.LONG_SIZE;

  private TocLocator() {}

  /// Reads the footer of `blob` and returns where the TOC lies.
  ///
  /// The range is never empty and lies within the blob, before the footer; of a layer whose TOC is
  /// elsewhere it is the footer.
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
    Optional<ByteRange> frame = ZstdFooter.find(tail, size);
    if (frame.isPresent()) {
      return new TocLocation(TocLocation.Format.ZSTD_CHUNKED, frame.get());
    }
    if (isExternal(tail)) {
      return new TocLocation(
          TocLocation.Format.EXTERNAL_TOC, new ByteRange(size - Footer.EXTERNAL_SIZE, size));
    }
    throw new MalformedLayerException(
        size - tailSize, "no TOC: neither an eStargz nor a zstd:chunked layer");
  }

  private static TocLocation located(
      TocLocation.Format format, long size, int footerSize, byte[] payload)
      throws MalformedLayerException {
    long footerOffset = size - footerSize;
    String text = new String(payload, US_ASCII);
    if (!text.endsWith(Footer.MAGIC)) {
      throw new MalformedLayerException(
          footerOffset, "no TOC: neither an eStargz nor a zstd:chunked layer");
    }
    long tocOffset = Footer.parseOffset(text.substring(0, 16), footerOffset);
    if (tocOffset >= footerOffset) {
      throw new MalformedLayerException(
          footerOffset, "footer points at a TOC at %d, beyond itself".formatted(tocOffset));
    }
    return new TocLocation(format, new ByteRange(tocOffset, footerOffset));
  }

  private static boolean isExternal(byte[] tail) {
    byte[] field = Footer.findExtraField(tail, Footer.EXTERNAL_SIZE);
    return field.length > 4
        && Footer.isSubfield(field, Footer.EXTERNAL_MAGIC.length())
        && new String(field, 4, field.length - 4, US_ASCII).equals(Footer.EXTERNAL_MAGIC);
  }
}
