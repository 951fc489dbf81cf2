package dev.asterism.erofs;

import java.io.IOException;
import java.util.Optional;

/// The unpacked layers below a merged stack, as far as [Merge] must know them: a layer that needs a
/// directory it does not name takes over the attributes of the one below, as when containerd
/// unpacks it.
@FunctionalInterface
public interface OrdinaryLayers {
  /// There is none.
  OrdinaryLayers NONE = _ -> Optional.empty();

  /// Returns the attributes of the directory `path` in the nearest layer that has anything there;
  /// empty if that is no directory, or none has.
  Optional<Attributes> findDirectory(EntryPath path) throws IOException;
}
