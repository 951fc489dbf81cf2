package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/// What the snapshotter asks of layers: be ready, be mounted, be forgotten.
///
/// Thread-safe. Every operation may be repeated: what is done already costs next to nothing.
public interface LayerMounter {
  /// Makes a layer readable through chains that name it: fetches and verifies its TOC, compiles it,
  /// lists it in the catalog.
  ///
  /// What the disk already holds of it is used without the network. Blocks for several round trips,
  /// or up to the configured wait when the registry does not answer. The layer is there after the
  /// machine has stopped if [#settle] has returned since.
  ///
  /// @throws IOException if the layer cannot be read lazily: no TOC, no verification, unreachable,
  ///   malformed. Nothing is left behind
  LayerUsage prepare(LayerRequest request) throws IOException;

  /// Waits until every layer that [#prepare] has returned of is on the disk.
  ///
  /// @throws IOException if the disk fails: after the machine has stopped some may have to be
  ///   fetched again
  void settle() throws IOException;

  /// Says which layers of an image will probably be prepared next: they are opened and compiled
  /// side by side. Returns at once, and promises nothing.
  ///
  /// @param first a layer of the same image, wanted with the same verification
  /// @param next digests of blobs, the next one first
  default void expect(LayerRequest first, List<Digest> next) {}

  /// Says that a container over a chain is probably started soon: its layers, which are ready, are
  /// merged. Returns at once, and promises nothing.
  default void expect(Chain chain) {}

  /// Makes a layer readable from what the disk holds, without the network: after a restart.
  ///
  /// @throws IOException if the disk does not hold it whole; [#prepare] may still succeed
  LayerUsage reopen(LayerRequest request) throws IOException;

  /// Mounts the merged metadata of a chain and returns its mountpoint, an absolute path without `:`
  /// or `,`.
  ///
  /// @throws IOException if a layer of it is not ready, or the mount fails
  Path mountChain(Chain chain) throws IOException;

  /// Returns the data-only lower layers of every overlay over a chain, in order: objects, gate,
  /// fresh; or the layers' own copies and the gate, where nothing is shared. Absolute paths.
  List<Path> dataLayers();

  /// Returns what a layer takes of the disk now: its metadata, and its part of what is stored. What
  /// several layers hold is divided among them, so that the sum over all layers is what the disk
  /// gave for them. Nothing of a layer that is not there. Cheap, and some seconds old.
  ///
  /// @throws IOException if a directory cannot be read
  LayerUsage diskUsage(Digest layer) throws IOException;

  /// Forgets every layer and unmounts every chain that `inUse` does not name.
  ///
  /// The supplier is called under the lock that [#prepare], [#reopen] and [#mountChain] end under:
  /// what was written to the metadata before those were called is safe. Containers that still have
  /// such a chain mounted keep it; the kernel lets go with their overlay.
  void retain(Supplier<InUse> inUse) throws IOException;

  /// The layers and chains that snapshots refer to. Immutable.
  record InUse(Set<Digest> layers, Set<Chain> chains) {
    /// Copies both sets.
    public InUse {
      layers = Set.copyOf(layers);
      chains = Set.copyOf(chains);
    }
  }
}
