package dev.asterism.fuse;

import java.time.Duration;

/// What a name stands for, and for how long. Immutable.
///
/// @param node the node's id; 0 says that there is no such name
/// @param generation tells apart nodes that had the same id at different times; 0 where ids are
///   never used again
/// @param attributes what `stat(2)` shows; their type never changes for a node
/// @param entryTimeout how long the kernel may keep the name
/// @param attrTimeout how long it may keep the attributes
public record Entry(
    long node,
    long generation,
    Attributes attributes,
    Duration entryTimeout,
    Duration attrTimeout) {
  /// Returns an entry of generation 0.
  public static Entry of(long node, Attributes attributes, Duration timeout) {
    return new Entry(node, 0, attributes, timeout, timeout);
  }

  /// Returns the answer that a name does not exist, which the kernel may remember for `timeout`.
  ///
  /// To have it ask again each time, throw a [FuseException] with `ENOENT` instead.
  public static Entry absent(Duration timeout) {
    return new Entry(0, 0, Attributes.NONE, timeout, Duration.ZERO);
  }
}
