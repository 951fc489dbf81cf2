package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.util.Optional;

/// What the kernel calls the gate's inodes: numbers that mean the same in every process.
///
/// The root is 1 (`FUSE_ROOT_ID`), its directory `gate` 2, the directories `00` to `ff` in it 256
/// to 511. An object is the first 63 bits of its digest below a set top bit, so no table has to
/// survive the daemon. A layer may claim a digest that shares 63 bits with another's: the [Catalog]
/// keeps the later one apart, under a name of its own.
final class NodeIds {
  static final long GATE = 2;
  private static final long FAN = 0x100;

  private NodeIds() {}

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
    return digest.a() >>> 1 | Long.MIN_VALUE;
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
