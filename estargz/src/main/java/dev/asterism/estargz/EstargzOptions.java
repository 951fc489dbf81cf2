package dev.asterism.estargz;

import java.util.List;
import java.util.zip.Deflater;

/// How a lazy layer is written. Immutable.
///
/// @param encoder the library that compresses, which decides about the format
/// @param level 1 (fast) to 9 (small); libdeflate goes on to 12, zstd to 19
/// @param chunkSize uncompressed bytes of every chunk but a file's last; with [Chunking#CONTENT]
///   what most are near to, 1 KiB at least
/// @param chunking where larger files are cut
/// @param minChunkSize bytes before compression that a member holds at least before the next
///   payload opens another one; 0 opens one for every payload. (The Go tools count them after
///   compression, which makes every member wait for the one before it.)
/// @param prioritized names of the files to fetch at mount, in the order of their use; names that
///   the layer does not hold are passed over
/// @param toc where the TOC goes; elsewhere than inside in eStargz only
public record EstargzOptions(
    MemberEncoder encoder,
    int level,
    int chunkSize,
    Chunking chunking,
    int minChunkSize,
    List<String> prioritized,
    TocPlace toc) {
  /// What the Go tools default to: zlib at level 9, chunks of 4 MiB, a member for every payload,
  /// nothing prioritized.
  public static final EstargzOptions DEFAULT =
      new EstargzOptions(
          MemberEncoder.ZLIB,
          Deflater.BEST_COMPRESSION,
          4 << 20, // 4 MiB
          Chunking.FIXED,
          0,
          List.of(),
          TocPlace.INSIDE);

  /// Copies the list.
  ///
  /// @throws IllegalArgumentException if a number is out of range
  public EstargzOptions {
    if (level < Deflater.BEST_SPEED
        || level > encoder.maxLevel()
        || chunkSize <= 0
        || minChunkSize < 0) {
      throw new IllegalArgumentException(
          "not options: level %d (1 to %d), chunk size %d, least chunk size %d"
              .formatted(level, encoder.maxLevel(), chunkSize, minChunkSize));
    }
    if (chunking == Chunking.CONTENT && !ContentCutter.canCut(chunkSize)) {
      throw new IllegalArgumentException(
          "cutting by content wants chunks of 1 KiB to 512 MiB, not of %d bytes"
              .formatted(chunkSize));
    }
    if (toc != TocPlace.INSIDE && encoder.format() != TocLocation.Format.ESTARGZ) {
      throw new IllegalArgumentException("only eStargz layers have their TOCs elsewhere");
    }
    if (toc == TocPlace.BESIDE_SAME_TAR && !prioritized.isEmpty()) {
      throw new IllegalArgumentException("a tar that stays the same can't be sorted");
    }
    prioritized = List.copyOf(prioritized);
  }

  /// Returns these options with another library at another level.
  public EstargzOptions withEncoder(MemberEncoder newEncoder, int newLevel) {
    return new EstargzOptions(
        newEncoder, newLevel, chunkSize, chunking, minChunkSize, prioritized, toc);
  }

  /// Returns these options with another level.
  public EstargzOptions withLevel(int newLevel) {
    return new EstargzOptions(
        encoder, newLevel, chunkSize, chunking, minChunkSize, prioritized, toc);
  }

  /// Returns these options with another chunk size.
  public EstargzOptions withChunkSize(int newSize) {
    return new EstargzOptions(encoder, level, newSize, chunking, minChunkSize, prioritized, toc);
  }

  /// Returns these options with files cut otherwise.
  public EstargzOptions withChunking(Chunking newChunking) {
    return new EstargzOptions(
        encoder, level, chunkSize, newChunking, minChunkSize, prioritized, toc);
  }

  /// Returns these options with another least size of a member.
  public EstargzOptions withMinChunkSize(int newSize) {
    return new EstargzOptions(encoder, level, chunkSize, chunking, newSize, prioritized, toc);
  }

  /// Returns these options with other prioritized files.
  public EstargzOptions withPrioritized(List<String> names) {
    return new EstargzOptions(encoder, level, chunkSize, chunking, minChunkSize, names, toc);
  }

  /// Returns these options with the TOC elsewhere.
  public EstargzOptions withToc(TocPlace place) {
    return new EstargzOptions(
        encoder, level, chunkSize, chunking, minChunkSize, prioritized, place);
  }
}
