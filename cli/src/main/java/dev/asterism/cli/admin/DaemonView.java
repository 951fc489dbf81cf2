package dev.asterism.cli.admin;

import dev.asterism.cache.DirectoryCache;
import dev.asterism.layers.LayerService;
import dev.asterism.registry.RequestCounts;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;

/// What of a running daemon can be asked. Immutable.
///
/// @param root its root directory
/// @param version of the program
/// @param started when
/// @param clock tells how long ago that is
/// @param layers its layers and their store
/// @param requests what the process has asked registries for
public record DaemonView(
    Path root,
    String version,
    Instant started,
    InstantSource clock,
    LayerService layers,
    RequestCounts requests) {
  DirectoryCache store() {
    return layers.store();
  }
}
