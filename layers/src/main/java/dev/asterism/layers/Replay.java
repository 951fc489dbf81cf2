package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.erofs.EntryPath;
import dev.asterism.erofs.ErofsImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;

/// One replay of a profile: what of it is missing, layer by layer, within a bound of bytes.
///
/// A layer that the profile knows gives what the profile says of it. Any other layer is taken for a
/// newer version of one of them: a file is looked for by its path, then by its content.
/// Thread-safe.
final class Replay {
  /// A replay may fetch this share more than its start used: contents change from version to
  /// version.
  private static final double MARGIN = 1.25;

  private static final long LEAST = 1 << 20; // 1 MiB

  private final Profile profile;
  private long left;

  /// The contents that it asked for.
  private final Set<Digest> asked = new HashSet<>();

  private final Set<Digest> planned = new HashSet<>();

  /// @param maxBytes compressed bytes, whatever the profile says
  Replay(Profile profile, long maxBytes) {
    this.profile = profile;
    this.left = Math.min(maxBytes, (long) (profile.bytes() * MARGIN) + LEAST);
  }

  /// Returns the chunks of a layer that are to be fetched, in the order of their use; none if the
  /// layer had its turn.
  ///
  /// @param image the layer's `layer.erofs`
  synchronized List<LayerChunk> plan(LayerContent layer, Path image) throws IOException {
    if (!planned.add(layer.digest())) {
      return List.of();
    }
    int known = profile.layers().indexOf(layer.digest());
    List<LayerChunk> chunks = new ArrayList<>();
    Set<Integer> taken = new HashSet<>();
    try (ErofsImage names = ErofsImage.open(image)) {
      for (Profile.File file : profile.files()) {
        Optional<LayerObject> object =
            known < 0
                ? find(layer, names, file)
                : file.layer() == known ? byContent(layer, file) : Optional.empty();
        if (object.isPresent()) {
          add(layer, object.get(), file.rangesIn(object.get().size()), taken, chunks);
        }
      }
    }
    return chunks;
  }

  private static Optional<LayerObject> find(LayerContent layer, ErofsImage names, Profile.File file)
      throws MalformedLayerException {
    Optional<LayerObject> byPath = byPath(layer, names, file.path());
    return byPath.isPresent() ? byPath : byContent(layer, file);
  }

  private static Optional<LayerObject> byPath(LayerContent layer, ErofsImage names, String path)
      throws MalformedLayerException {
    if (path.isEmpty()) {
      return Optional.empty();
    }
    OptionalLong node = names.find(EntryPath.of(path));
    return node.isEmpty()
        ? Optional.empty()
        : names
            .content(node.getAsLong())
            .flatMap(LayerNames::digest)
            .flatMap(content -> object(layer, content));
  }

  private static Optional<LayerObject> byContent(LayerContent layer, Profile.File file) {
    return object(layer, file.content()).filter(object -> object.size() == file.size());
  }

  private static Optional<LayerObject> object(LayerContent layer, Digest content) {
    OptionalInt index = layer.table().find(content);
    return index.isEmpty() ? Optional.empty() : Optional.of(layer.table().object(index.getAsInt()));
  }

  private void add(
      LayerContent layer,
      LayerObject object,
      List<ByteRange> ranges,
      Set<Integer> taken,
      List<LayerChunk> chunks) {
    for (ByteRange range : ranges) {
      for (LayerChunk chunk : layer.table().chunksOf(object, range)) {
        if (layer.isMissing(chunk.number()) && taken.add(chunk.number())) {
          left -= Batch.packed(chunk);
          if (left < 0) {
            return;
          }
          chunks.add(chunk);
          asked.add(object.digest());
        }
      }
    }
  }

  /// Tells whether a content was asked for, because it was missing.
  synchronized boolean asked(Digest content) {
    return asked.contains(content);
  }

  Profile profile() {
    return profile;
  }
}
