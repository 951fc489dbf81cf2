package dev.asterism.cli;

import dev.asterism.cli.config.Configuration;
import java.nio.file.Path;

/// What a daemon is started with. Immutable.
///
/// @param address the unix socket where containerd finds it, absolute
/// @param adminAddress the unix socket where its operator asks, absolute
/// @param root where it keeps everything, absolute; on a file system with hard links
/// @param configuration the operator's choices
record DaemonOptions(Path address, Path adminAddress, Path root, Configuration configuration) {}
