package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.util.Optional;

/// What the kernel calls the gate's inodes: numbers that mean the same in every process.
///
/// The root is 1 (`FUSE_ROOT_ID`), its directory `gate` 2, the directories `00` to `ff` in it 256 to 511. An object is the first 63 bits of its digest
/// below a set top bit, so no table has to survive the daemon. Two digests may share 63 bits if somebody makes them on purpose: the [Catalog] refuses both.
final class NodeIds {
  static final long ROOT = 1;
  static final long GATE = 2;
  private static final long FAN = 0x100;

  private NodeIds() {}

  /// Returns the node of a directory of the gate.
  ///
  /// @param fan the first byte of the digests in it, 0 to 255
  static long ofFan(int fan) {
    return FAN + fan;
  }

  /// Returns which directory of the gate a node is; empty if it is something else.
  static Optional<Integer> fan(long node) {
    return node >= FAN && node < FAN + 0x100 ? Optional.of((int) (node - FAN)) : Optional.empty();
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
