package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/// Adds up what each layer has of the digests that it holds alone or with others. Confined to one
/// thread.
final class Shares {
  private final LongUnaryOperator allocated;

  // By the layer's number.
  private double[] bytes = new double[64];
  private double[] files = new double[64];
  private int[] seen = new int[64]; // the digest that the layer was seen to hold last

  private int[] holders = new int[8];
  private int count;
  private int digest;

  /// @param allocated what a file of so many bytes takes of the disk
  Shares(LongUnaryOperator allocated) {
    this.allocated = allocated;
  }

  /// Begins with the next digest.
  void begin() {
    digest++;
    count = 0;
  }

  /// Adds a holder of the digest; the same one counts once, however many keys it holds it by.
  void holder(int layer) {
    if (layer >= seen.length) {
      int length = Math.max(2 * seen.length, layer + 1);
      bytes = Arrays.copyOf(bytes, length);
      files = Arrays.copyOf(files, length);
      seen = Arrays.copyOf(seen, length);
    }
    if (seen[layer] == digest) {
      return;
    }
    seen[layer] = digest;
    if (count == holders.length) {
      holders = Arrays.copyOf(holders, 2 * count);
    }
    holders[count++] = layer;
  }

  /// Divides the digest among its holders.
  ///
  /// @param size bytes
  void end(long size) {
    for (int i = 0; i < count; i++) {
      bytes[holders[i]] += (double) allocated.applyAsLong(size) / count;
      files[holders[i]] += 1.0 / count;
    }
  }

  Map<Digest, LayerShare> result(LayerNumbers layers) {
    Map<Digest, LayerShare> result = new HashMap<>();
    for (int number = 0; number < Math.min(layers.end(), bytes.length); number++) {
      LayerShare share = new LayerShare(Math.round(bytes[number]), Math.round(files[number]));
      layers.layer(number).ifPresent(layer -> result.put(layer, share));
    }
    return result;
  }
}
