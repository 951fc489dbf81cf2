package dev.asterism.images;

import dev.asterism.registry.Platform;
import java.util.List;
import java.util.Optional;

/// Which of an index's images are wanted.
public sealed interface Platforms {
  /// All of them, and what is attached to them.
  record All() implements Platforms {}

  /// Those for some platforms; entries that name none count too.
  record Of(List<Platform> platforms) implements Platforms {
    public Of {
      platforms = List.copyOf(platforms);
    }
  }

  /// Tells whether an entry of an index is wanted.
  ///
  /// @param platform of the entry
  default boolean includes(Optional<Platform> platform) {
    return switch (this) {
      case All _ -> true;
      case Of(List<Platform> wanted) -> platform.isEmpty() || wanted.contains(platform.get());
    };
  }
}
