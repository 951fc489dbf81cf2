package dev.asterism.testkit.registry;

import java.util.List;

/// What an image runs, and on what. Immutable.
///
/// @param os e.g. `linux`
/// @param architecture as Go names it, e.g. `amd64`
/// @param command the argument vector, may be empty
/// @param environment entries `NAME=value`
/// @param workingDirectory absolute path; empty for the root
public record ImageConfig(
    String os,
    String architecture,
    List<String> command,
    List<String> environment,
    String workingDirectory) {
  public ImageConfig {
    command = List.copyOf(command);
    environment = List.copyOf(environment);
  }

  /// Returns a config for Linux on this processor that runs `command`.
  public static ImageConfig running(String... command) {
    String architecture = System.getProperty("os.arch", "amd64");
    return new ImageConfig(
        "linux",
        architecture.equals("aarch64") ? "arm64" : architecture,
        List.of(command),
        List.of("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        "");
  }

  /// Returns it for another platform.
  public ImageConfig on(String newOs, String newArchitecture) {
    return new ImageConfig(newOs, newArchitecture, command, environment, workingDirectory);
  }
}
