package dev.asterism.layers;

import dev.asterism.cache.DirectoryCache;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/// What all mounted layers fetch with: the store, the catalog, the scheduler. Thread-safe.
///
/// @param policy how much and how long
/// @param store the chunks of this node
/// @param recent chunks that the store does not have
/// @param scheduler who asks the registries, in which order
/// @param listeners who is told of it
/// @param catalog the mounted layers
/// @param trees where the files of mounted images are
/// @param libraries what programs need besides themselves
/// @param names how an error finds a file's name
record Fetching(
    FetchPolicy policy,
    DirectoryCache store,
    RecentChunks recent,
    Scheduler scheduler,
    FetchListeners listeners,
    Catalog catalog,
    ImageTrees trees,
    Libraries libraries,
    FileNames names) {
  private static final Logger LOGGER = System.getLogger(Fetching.class.getName());

  /// Finds the name of a file for an error. May be slow.
  interface FileNames {
    /// Returns a path of the layer that has this content, or a text that says that none was found.
    String of(Digest layer, LayerObject object);
  }

  /// Gives every other layer that lists an object its link to it.
  void adoptElsewhere(LayerContent publisher, Digest object) {
    for (Catalog.Location location : catalog.find(object)) {
      if (location.layer() != publisher) {
        location.layer().adopt(location.object());
      }
    }
  }

  /// Logs a failed fetch, once for all chunks of a span that fail by the same cause.
  static void report(Digest layer, String what, IOException cause) {
    LOGGER.log(
        Level.WARNING,
        "cannot fetch layer={0} what=\"{1}\" cause=\"{2}\"",
        layer,
        what,
        cause.getMessage());
  }
}
