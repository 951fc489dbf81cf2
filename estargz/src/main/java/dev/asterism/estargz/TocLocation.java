package dev.asterism.estargz;

import dev.asterism.content.ByteRange;

/// Where a blob's TOC lies. Immutable.
///
/// @param format which footer pointed there
/// @param range the TOC's member in the blob: from the offset in the footer up to the footer, or in
///   zstd:chunked the size that the footer says. All payload lies before it
public record TocLocation(Format format, ByteRange range) {
  /// Which of the readable formats a blob has.
  public enum Format {
    /// eStargz: footer of 51 bytes, chunk digests in the TOC.
    ESTARGZ,
    /// The format before it: footer of 47 bytes, usually no digests, so it can't be verified.
    LEGACY_STARGZ,
    /// zstd:chunked: zstd frames instead of gzip members, the same TOC without a tar around it.
    ZSTD_CHUNKED,
    /// eStargz whose TOC is in another image: footer of 46 bytes, which is the range.
    EXTERNAL_TOC
  }

  /// Returns the blob offset of the TOC, which is the end of all payload.
  public long tocOffset() {
    return range.start();
  }
}
