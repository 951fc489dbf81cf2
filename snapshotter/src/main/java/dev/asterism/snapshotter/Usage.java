package dev.asterism.snapshotter;

/// What a snapshot itself takes, its parents left out. Immutable.
///
/// @param size bytes
/// @param inodes files of every type
record Usage(long size, long inodes) {
  static final Usage NONE = new Usage(0, 0);
}
