package dev.asterism.cli.admin;

import dev.asterism.registry.RequestCounts;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.SortedMap;
import java.util.function.Supplier;

/// What can be asked of a running daemon whose namespaces share nothing. Immutable.
///
/// @param root its root directory
/// @param version of the program
/// @param started when
/// @param clock tells how long ago that is
/// @param requests what the process has asked registries for
/// @param namespaces what can be asked of each, by name, as they are at each call
public record NamespacesView(
    Path root,
    String version,
    Instant started,
    InstantSource clock,
    RequestCounts requests,
    Supplier<SortedMap<String, DaemonView>> namespaces) {}
