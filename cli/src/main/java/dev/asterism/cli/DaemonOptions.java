package dev.asterism.cli;

import dev.asterism.cli.config.Configuration;
import java.nio.file.Path;

/// What a daemon is started with. Immutable.
///
/// @param address the unix socket where containerd finds it, absolute
/// @param adminAddress the unix socket where its operator asks, absolute
/// @param root where it keeps everything, absolute; on a file system with hard links
/// @param configuration the operator's choices
/// @param atExit what becomes of the mount that running containers read through
/// @param exercise whether it practises while nobody asks for anything yet
record DaemonOptions(
    Path address,
    Path adminAddress,
    Path root,
    Configuration configuration,
    AtExit atExit,
    boolean exercise) {
  /// What an end leaves behind.
  enum AtExit {
    /// The mount, for the next daemon: containers wait for it.
    LEAVE,
    /// Nothing: containers lose what they have not read.
    UNMOUNT
  }
}
