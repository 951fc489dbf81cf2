package dev.asterism.cli.cache;

import dev.asterism.cache.DirectoryCache;
import dev.asterism.cli.admin.client.AdminClient;
import dev.asterism.cli.admin.client.AdminSocketOption;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Mixin;

/// The option that says where a running daemon is asked.
final class DaemonOption {
  @Mixin private final AdminSocketOption socket = new AdminSocketOption();

  /// What is done to a store.
  @FunctionalInterface
  interface Work<T> {
    T on(Tending store) throws IOException;
  }

  /// Returns the daemon of a root, if one answers.
  ///
  /// @throws IOException if what answers is the daemon of another root
  Optional<AdminClient> daemonOf(Path root) throws IOException {
    AdminClient client = socket.client();
    if (!client.isServed()) {
      return Optional.empty();
    }
    String served = client.status().text("root").orElse("");
    return served.equals(real(root)) ? Optional.of(client) : Optional.empty();
  }

  private static String real(Path root) throws IOException {
    return root.toRealPath().toString();
  }

  /// Does something through the daemon of a root, or itself where none runs.
  ///
  /// @throws IOException also if a daemon has the store that `--admin-address` does not lead to
  <T> T tend(StoreOptions store, Work<T> work) throws IOException {
    Path root = store.existing();
    Optional<AdminClient> daemon = daemonOf(root);
    if (daemon.isPresent()) {
      return work.on(new DaemonTending(daemon.get()));
    }
    InstantSource clock = InstantSource.system();
    try (DirectoryCache cache = DirectoryCache.openOffline(root.resolve("cache"), clock)) {
      Path layers = root.resolve("layers");
      if (Files.isDirectory(layers)) { // else nothing is known of them
        cache.compiledLayers(() -> compiled(layers));
      }
      return work.on(new LocalTending(root, cache, clock));
    }
  }

  /// Returns the layers that are compiled, as a daemon knows them.
  private static Set<Digest> compiled(Path layers) {
    try (Stream<Path> directories = Files.list(layers)) {
      return directories
          .flatMap(directory -> Digest.findHex(directory.getFileName().toString()).stream())
          .collect(Collectors.toUnmodifiableSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
