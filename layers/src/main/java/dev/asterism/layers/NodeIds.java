package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.util.Optional;

/// What the kernel calls the gate's inodes: numbers that mean the same in every process.
///
/// The root is 1 (`FUSE_ROOT_ID`), its directory `gate` 2, the directories `00` to `ff` in it 256
/// to 511. A layer's directory, where each layer has its own copies, is named by 52 bits of the
/// layer's digest, and the directories in it after that. An object is the first 63 bits of its
/// digest below a set top bit, so no table has to survive the daemon. A layer may claim a digest
/// that shares 63 bits with another's: the [Catalog] keeps the later one apart, under a name of its
/// own.
final class NodeIds {
  static final long GATE = 2;
  private static final long FAN = 0x100;

  /// Directories of layers have this bit, 52 bits of the layer's digest, and in the lowest 9 the
  /// number of the directory below plus 1, or 0.
  private static final long LAYER = 1L << 62;

  private static final int BELOW_BITS = 9;

  private NodeIds() {}

  /// Returns the node of a layer's directory, where each layer has its own.
  static long layer(Digest layer) {
    return LAYER | layer.a() >>> 12 << BELOW_BITS;
  }

  /// Tells whether a node is a layer's directory, or one of the directories in it.
  static boolean isLayer(long node) {
    return node > 0 && (node & LAYER) != 0;
  }

  /// Tells whether a node is the directory of this layer, or one in it. Another layer's may be the
  /// same, if somebody made it so: then this is a hint at best.
  static boolean isOf(Digest layer, long node) {
    return isLayer(node) && node >>> BELOW_BITS == layer(layer) >>> BELOW_BITS;
  }

  /// Returns the node of a directory in a layer's directory; empty unless `node` is the layer's and
  /// the name is two hex digits.
  static Optional<Long> findFanOf(long node, String name) {
    return (node & (1 << BELOW_BITS) - 1) == 0 && isLayer(node)
        ? findFan(name).map(fan -> node + (fan - FAN) + 1)
        : Optional.empty();
  }

  /// Tells whether a node is the directory, in whatever layer's, that a digest is looked up in.
  static boolean isFanOf(Digest digest, long node) {
    return node == fanOf(digest)
        || (isLayer(node) && (node & ((1 << BELOW_BITS) - 1)) == (digest.a() >>> 56) + 1);
  }

  /// Returns the node of the gate's directory of this name; empty unless it is two hex digits.
  static Optional<Long> findFan(String name) {
    return name.matches("[0-9a-f]{2}")
        ? Optional.of(FAN + Integer.parseInt(name, 16))
        : Optional.empty();
  }

  /// Returns the node of the directory that a digest is looked up in.
  static long fanOf(Digest digest) {
    return FAN + (digest.a() >>> 56);
  }

  /// Returns the node of an object.
  static long of(Digest digest) {
    return ofFirstWord(digest.a());
  }

  /// As the other, where no more is known than the first 64 bits of the digest.
  static long ofFirstWord(long bits) {
    return bits >>> 1 | Long.MIN_VALUE;
  }

  /// Tells whether a node is an object.
  static boolean isObject(long node) {
    return node < 0;
  }

  /// Returns the lowest digest whose node this may be.
  static Digest lowest(long node) {
    return new Digest(node << 1, 0, 0, 0);
  }
}
