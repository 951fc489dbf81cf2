package dev.asterism.estargz;

/// How much of a TOC is believed. Immutable.
///
/// Memory does not grow with the number of entries: those bounds limit time. What exceeds one is a
/// malformed layer.
///
/// @param compressedSize bytes of the TOC's member
/// @param inflatedSize bytes of the TOC, uncompressed
/// @param rows entries, with the rows of further chunks
/// @param chunks of one file
/// @param chunkSize uncompressed bytes of one chunk
/// @param memberSize uncompressed bytes of a member up to the end of its last payload
/// @param nameSize bytes of a path or a symlink's target, in UTF-8
/// @param componentSize bytes of one component of a path
/// @param xattrs of one file
/// @param xattrValueSize bytes of one value
/// @param xattrsSize bytes of one file's names and values together
/// @param nesting levels of JSON
public record TocLimits(
    long compressedSize,
    long inflatedSize,
    long rows,
    int chunks,
    int chunkSize,
    long memberSize,
    int nameSize,
    int componentSize,
    int xattrs,
    int xattrValueSize,
    int xattrsSize,
    int nesting) {
  /// Beyond every layer that was seen, within what a Linux file system can hold: paths of PATH_MAX
  /// − 1, components of NAME_MAX, values of XATTR_SIZE_MAX (`linux/limits.h`).
  public static final TocLimits DEFAULT =
      new TocLimits(
          1L << 30, // 1 GiB
          8L << 30, // 8 GiB
          16 << 20, 1 << 20, 256 << 20, // 256 MiB
          4L << 30, // 4 GiB
          4095, 255, 4096, 64 << 10, 1 << 20, 32);

  /// Returns these limits with other sizes of the TOC.
  public TocLimits withTocSizes(long compressed, long inflated) {
    return new TocLimits(
        compressed,
        inflated,
        rows,
        chunks,
        chunkSize,
        memberSize,
        nameSize,
        componentSize,
        xattrs,
        xattrValueSize,
        xattrsSize,
        nesting);
  }

  /// Returns these limits with other counts.
  public TocLimits withCounts(long rows, int chunks) {
    return new TocLimits(
        compressedSize,
        inflatedSize,
        rows,
        chunks,
        chunkSize,
        memberSize,
        nameSize,
        componentSize,
        xattrs,
        xattrValueSize,
        xattrsSize,
        nesting);
  }

  /// Returns these limits with other sizes of chunks and members.
  public TocLimits withChunkSizes(int chunk, long member) {
    return new TocLimits(
        compressedSize,
        inflatedSize,
        rows,
        chunks,
        chunk,
        member,
        nameSize,
        componentSize,
        xattrs,
        xattrValueSize,
        xattrsSize,
        nesting);
  }
}
