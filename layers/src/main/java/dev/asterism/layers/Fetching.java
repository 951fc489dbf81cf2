package dev.asterism.layers;

import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.Stored;
import dev.asterism.content.Digest;
import dev.asterism.erofs.ErofsImage;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Optional;

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
/// @param outages which registries are away
/// @param images the metadata of compiled layers
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
    Outages outages,
    LayerImages images,
    FileNames names) {
  private static final Logger LOGGER = System.getLogger(Fetching.class.getName());

  /// Opens the metadata of a compiled layer. The caller closes it.
  interface LayerImages {
    /// Opens one.
    ErofsImage open(Digest layer) throws IOException;
  }

  /// Finds the name of a file for an error. May be slow.
  interface FileNames {
    /// Returns a path of the layer that has this content, or a text that says that none was found.
    String of(Digest layer, LayerObject object);
  }

  /// Opens a file that is here whole, in the store or as some layer's own copy.
  Optional<Stored> whole(Digest object, long size) {
    return switch (store.mode()) {
      case SHARED -> store.find(object, size);
      case PLAIN ->
          catalog.find(object).stream()
              .filter(location -> location.layer().table().verified())
              .map(location -> location.layer().cache().find(object, size))
              .flatMap(Optional::stream)
              .findFirst();
    };
  }

  /// Gives every other layer that lists an object its link to it.
  void adoptElsewhere(LayerContent publisher, Digest object) {
    for (Catalog.Location location : catalog.find(object)) {
      if (location.layer() != publisher) {
        location.layer().stored().adopt(location.object());
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
