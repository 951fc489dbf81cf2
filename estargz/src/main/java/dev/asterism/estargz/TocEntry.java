package dev.asterism.estargz;

import dev.asterism.content.Digest;
import java.util.List;
import java.util.Optional;

/// One file of a layer, as its TOC describes it. Immutable.
///
/// Names are cleaned: relative to the layer's root, components separated by one `/`, none of them
/// `.` or `..`, no component longer than [TocLimits#componentSize] bytes; the root is the empty
/// name. A layer may name a file twice (the last one counts), name files without their directories,
/// and hold whiteouts (`.wh.` names): that is for whoever builds the tree.
public sealed interface TocEntry {
  /// Returns the cleaned path; empty for the root, which is always a directory.
  String name();

  /// Returns mode, owner, time and xattrs.
  Attributes attributes();

  /// Tells whether this entry is the format's own and no file of the layer: a landmark or the TOC.
  default boolean isBookkeeping() {
    return Landmark.isBookkeeping(name());
  }

  /// A directory.
  record Directory(String name, Attributes attributes) implements TocEntry {}

  /// A file with content.
  ///
  /// @param size uncompressed bytes; the sum of the chunks' sizes
  /// @param digest what the whole content hashes to, where the TOC says so
  /// @param chunks in file order, contiguous from 0; empty exactly when `size` is 0
  record RegularFile(
      String name, Attributes attributes, long size, Optional<Digest> digest, List<Chunk> chunks)
      implements TocEntry {
    /// Copies the list.
    public RegularFile {
      chunks = List.copyOf(chunks);
    }
  }

  /// A symbolic link.
  ///
  /// @param target as stored, not cleaned: 1 to 4095 bytes of UTF-8
  record Symlink(String name, Attributes attributes, String target) implements TocEntry {}

  /// Another name of a file.
  ///
  /// @param attributes as the row has them; the target's count
  /// @param target cleaned name of an entry of the same layer, which may itself be a hard link or
  ///   be missing
  record HardLink(String name, Attributes attributes, String target) implements TocEntry {}

  /// A device node.
  ///
  /// @param major 0 to 4095
  /// @param minor 0 to 1048575
  record Device(String name, Attributes attributes, Kind kind, int major, int minor)
      implements TocEntry {
    /// Which of the two.
    public enum Kind {
      /// A block device.
      BLOCK,
      /// A character device.
      CHARACTER
    }
  }

  /// A named pipe.
  record Fifo(String name, Attributes attributes) implements TocEntry {}
}
