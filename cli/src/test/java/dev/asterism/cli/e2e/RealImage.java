package dev.asterism.cli.e2e;

import dev.asterism.content.Digest;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/// A Debian image of four layers in docker-registry's storage: the system, two layers with a
/// package each, and one that removes some files and adds a package.
///
/// Made by `bench/images`, once for a machine: debootstrap takes a minute. Every layer is there as
/// Debian's tools wrote it, and as `ctr-remote` converted it.
final class RealImage {
  /// The image with eStargz layers.
  static final String LAZY = "tools:1-esgz";

  /// The same with ordinary layers.
  static final String PLAIN = "tools:1";

  static final int LAYERS = 4;

  /// What the format puts into a layer's root for itself, and we hide.
  static final Set<String> OWN_FILES =
      Set.of("stargz.index.json", ".no.prefetch.landmark", ".prefetch.landmark");

  /// A shell command, for a container of it: the digest of every file, in the order of their names.
  static final String HASH_ALL =
      "find / -xdev -type f ! -name stargz.index.json ! -name '.*prefetch.landmark'"
          + " -exec sha256sum {} + | sort -k 2";

  private static final String LIST =
      "tools 1 file + jq + /usr/share/doc/libjq1 /usr/bin/jq /usr/share/man less\n";

  private static final Duration LIMIT = Duration.ofMinutes(12);

  private RealImage() {}

  /// Returns the storage, made if need be; skips the test where the machine cannot make it.
  static Path storage() throws IOException, InterruptedException {
    Machine.requireRootAnd(
        "containerd", "runc", "ctr-remote", "docker-registry", "skopeo", "umoci", "debootstrap");
    Path folder = Path.of(System.getProperty("user.home"), ".cache", "asterism-test", "images");
    Files.createDirectories(folder);
    Path list = Files.createTempFile("asterism-test-images", ".list");
    try {
      Files.writeString(list, LIST);
      Command.of(script().toString(), folder.toString(), list.toString())
          .within(LIMIT)
          .runOrThrow();
    } finally {
      Files.delete(list);
    }
    return folder.resolve("registry");
  }

  /// Returns the file of a blob in docker-registry's storage.
  static Path blob(Path storage, Digest digest) {
    return storage
        .resolve("docker/registry/v2/blobs/sha256")
        .resolve(digest.hex().substring(0, 2))
        .resolve(digest.hex())
        .resolve("data");
  }

  private static Path script() throws IOException {
    Optional<Path> folder = Optional.of(Path.of("").toAbsolutePath());
    while (folder.isPresent()) {
      Path script = folder.get().resolve("bench/images");
      if (Files.isExecutable(script)) {
        return script;
      }
      folder = Optional.ofNullable(folder.get().getParent());
    }
    throw new IOException("no bench/images above " + Path.of("").toAbsolutePath());
  }
}
