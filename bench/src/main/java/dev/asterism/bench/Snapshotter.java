package dev.asterism.bench;

import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// A snapshotter under test. Immutable.
sealed interface Snapshotter {
  /// What all ratios are against.
  Snapshotter YARDSTICK = new Overlayfs();

  /// Returns the name that containerd knows it by.
  String name();

  /// Returns how to start its daemon; empty for a part of containerd.
  ///
  /// @param folder where it may keep everything; exists
  /// @param socket where it is to listen
  Optional<Command> daemon(Path folder, Path socket) throws IOException;

  /// containerd's own: every layer is downloaded and unpacked before the container starts.
  record Overlayfs() implements Snapshotter {
    @Override
    public String name() {
      return "overlayfs";
    }

    @Override
    public Optional<Command> daemon(Path folder, Path socket) {
      return Optional.empty();
    }
  }

  /// This project's.
  ///
  /// @param home the folder that holds `bin/asterism`
  record Asterism(Path home) implements Snapshotter {
    @Override
    public String name() {
      return "asterism";
    }

    @Override
    public Optional<Command> daemon(Path folder, Path socket) throws IOException {
      Path config = Files.writeString(folder.resolve("config.toml"), "");
      Command command =
          Command.of(home.resolve("bin/asterism").toString(), "daemon", "--unmount-on-exit")
              .with("--address", socket.toString(), "--root", folder.resolve("root").toString())
              .with("--config", config.toString(), "--log-level", "info");
      return Optional.of(command);
    }
  }

  /// The stargz snapshotter, as it comes: no configuration.
  ///
  /// @param binary `containerd-stargz-grpc`
  record Stargz(Path binary) implements Snapshotter {
    @Override
    public String name() {
      return "stargz";
    }

    @Override
    public Optional<Command> daemon(Path folder, Path socket) throws IOException {
      Path config = Files.writeString(folder.resolve("config.toml"), "");
      Command command =
          Command.of(binary.toString())
              .with("--address", socket.toString(), "--root", folder.resolve("root").toString())
              .with("--config", config.toString(), "--log-level", "info");
      return Optional.of(command);
    }
  }
}
