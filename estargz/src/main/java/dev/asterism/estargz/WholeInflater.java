package dev.asterism.estargz;

import io.airlift.compress.v3.MalformedInputException;
import io.airlift.compress.v3.deflate.DeflateNativeDecompressor;

/// Inflates what deflate made of a few hundred kilobytes, all of it at once: libdeflate is two to
/// three times as fast as zlib, but goes no further in the middle, and wants to know how much comes
/// out. Confined to one thread.
final class WholeInflater {
  /// Most bytes of a member, before and behind: while the library is at work the JVM cannot collect
  /// garbage, for a millisecond at most.
  static final int LARGEST = 1 << 20; // 1 MiB

  /// What may follow a payload in its member, before this gives up: the headers of directories and
  /// links up to the next file.
  private static final int BEHIND = 64 << 10; // 64 KiB

  private final DeflateNativeDecompressor library = new DeflateNativeDecompressor();
  private byte[] inflated = new byte[0];

  /// Tells whether there can be one on this machine.
  static boolean isHere() {
    return NativeDeflate.HERE;
  }

  /// Inflates raw deflate data that starts at `offset`; what follows its end is left alone.
  ///
  /// @param payload bytes that must come out at least, up to [#LARGEST]
  /// @return how many came out, see [#bytes]; -1 if the data is damaged, ends before its end, or
  ///   becomes much more than `payload`
  int inflate(byte[] deflated, int offset, int length, int payload) {
    if (inflated.length < payload + BEHIND) {
      inflated = new byte[payload + BEHIND];
    }
    try {
      return library.decompress(deflated, offset, length, inflated, 0, inflated.length);
    } catch (MalformedInputException _) {
      return -1; // zlib will say what is wrong with it
    }
  }

  /// Returns what came out last: its own array, until the next call.
  byte[] bytes() {
    return inflated;
  }
}
