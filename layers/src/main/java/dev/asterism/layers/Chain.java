package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/// Consecutive lazy layers whose metadata is merged into one image. Immutable.
///
/// @param layers blob digests, lowest layer first; never empty
/// @param below what the container's overlay stacks below, topmost first; empty for a chain that
///   starts at the image's first layer. Where there is something, whiteouts and opaque directories
///   stay in the merged image, and directories that no layer of the chain names look as they do
///   there
public record Chain(List<Digest> layers, List<Below> below) {
  /// One lower directory of an overlay, below a chain.
  public sealed interface Below {
    /// An unpacked snapshot, which does not change any more.
    record Unpacked(Path fs) implements Below {}

    /// A chain.
    ///
    /// @param id [Chain#id]
    record Merged(Digest id) implements Below {}
  }

  /// @throws IllegalArgumentException if there is no layer
  public Chain {
    layers = List.copyOf(layers);
    below = List.copyOf(below);
    if (layers.isEmpty()) {
      throw new IllegalArgumentException("a chain has at least one layer");
    }
  }

  /// Returns the chain of an image's first layers.
  public static Chain of(List<Digest> layers) {
    return new Chain(layers, List.of());
  }

  /// Returns the name of the merged image: the digest of what it is made from.
  public Digest id() {
    String base =
        below.isEmpty()
            ? "EMPTY"
            : below.stream().map(Chain::name).collect(Collectors.joining(" "));
    String text = layers.stream().map(Digest::toString).collect(Collectors.joining(" "));
    return Digest.of((text + " " + base).getBytes(StandardCharsets.UTF_8));
  }

  private static String name(Below below) {
    return switch (below) {
      case Below.Unpacked(Path fs) -> "unpacked:" + fs;
      case Below.Merged(Digest id) -> "merged:" + id;
    };
  }
}
