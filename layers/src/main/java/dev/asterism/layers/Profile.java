package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.time.Instant;
import java.util.List;

/// What the containers of an image read in a start on this node. Immutable.
///
/// @param image the reference that it was pulled by
/// @param recorded when that start was over, to the second
/// @param bytes compressed bytes that the start used: the bound of a replay
/// @param layers of the image, lowest first
/// @param files in the order of their first use
public record Profile(
    String image, Instant recorded, long bytes, List<Digest> layers, List<File> files) {
  /// More files are not kept: those that were used first are.
  public static final int MAX_FILES = 8192;

  /// Of one file more ranges are not kept: the last one reaches to the end of all.
  public static final int MAX_RANGES = 64;

  static final int MAX_LAYERS = 512;

  /// Copies the lists.
  ///
  /// @throws IllegalArgumentException if there are too many layers or files, or `bytes` is negative
  public Profile {
    layers = List.copyOf(layers);
    files = List.copyOf(files);
    if (layers.size() > MAX_LAYERS || files.size() > MAX_FILES || bytes < 0) {
      throw new IllegalArgumentException(
          "%d layers, %d files, %d bytes".formatted(layers.size(), files.size(), bytes));
    }
  }

  /// Returns the same under another image reference.
  public Profile withImage(String other) {
    return new Profile(other, recorded, bytes, layers, files);
  }

  /// A file that was used. Immutable.
  ///
  /// @param millis after the container's mount
  /// @param layer where it was: a number in [Profile#layers]
  /// @param content what it held, SHA-256
  /// @param size bytes
  /// @param ranges what was used of it, in order, not empty
  /// @param path in the layer; empty where its name could not be found
  public record File(
      long millis, int layer, Digest content, long size, List<ByteRange> ranges, String path) {
    /// Copies the list.
    ///
    /// @throws IllegalArgumentException if the ranges are too many, or none
    public File {
      ranges = List.copyOf(ranges);
      if (ranges.isEmpty() || ranges.size() > MAX_RANGES || size < 1 || millis < 0 || layer < 0) {
        throw new IllegalArgumentException(
            "%d ranges, size %d, millis %d, layer %d"
                .formatted(ranges.size(), size, millis, layer));
      }
    }

    /// Returns how many of its bytes were used.
    public long used() {
      return ranges.stream().mapToLong(ByteRange::length).sum();
    }

    /// Returns the ranges as they are in a file of another size: a whole stays a whole.
    List<ByteRange> rangesIn(long otherSize) {
      return used() == size ? List.of(new ByteRange(0, otherSize)) : ranges;
    }
  }
}
