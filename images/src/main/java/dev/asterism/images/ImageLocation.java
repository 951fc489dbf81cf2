package dev.asterism.images;

import dev.asterism.registry.ImageReference;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;

/// Names an image wherever it is, as skopeo's users write it: `oci:DIR[:TAG]`,
/// `oci-archive:FILE[:TAG]`, `docker-archive:FILE[:NAME:TAG]`, `containerd:NAME`, or a registry's
/// reference.
public sealed interface ImageLocation {
  /// In a registry.
  record InRegistry(ImageReference reference) implements ImageLocation {
    @Override
    public String toString() {
      return reference.toString();
    }
  }

  /// In an OCI layout in a folder.
  record InLayout(Path folder, Optional<String> tag) implements ImageLocation {
    @Override
    public String toString() {
      return "oci:" + folder + tag.map(t -> ":" + t).orElse("");
    }
  }

  /// In an OCI layout in a tar.
  record InArchive(Path file, Optional<String> tag) implements ImageLocation {
    @Override
    public String toString() {
      return "oci-archive:" + file + tag.map(t -> ":" + t).orElse("");
    }
  }

  /// In what `docker save` wrote.
  record InDockerArchive(Path file, Optional<String> tag) implements ImageLocation {
    @Override
    public String toString() {
      return "docker-archive:" + file + tag.map(t -> ":" + t).orElse("");
    }
  }

  /// In this machine's store, containerd's.
  ///
  /// @param name as `ctr images ls` shows it
  record InNodeStore(String name) implements ImageLocation {
    @Override
    public String toString() {
      return "containerd:" + name;
    }
  }

  /// Reads one.
  ///
  /// @throws IllegalArgumentException if it is none
  static ImageLocation parse(String text) {
    int colon = text.indexOf(':');
    String kind = colon < 0 ? "" : text.substring(0, colon);
    String rest = text.substring(colon + 1);
    return switch (kind) {
      case "oci" -> new InLayout(path(rest), tag(rest));
      case "oci-archive" -> new InArchive(path(rest), tag(rest));
      case "docker-archive" -> new InDockerArchive(path(rest), tag(rest));
      case "docker" ->
          new InRegistry(ImageReference.parse(rest.startsWith("//") ? rest.substring(2) : rest));
      case "containerd" -> new InNodeStore(name(rest));
      case "containers-storage", "docker-daemon", "dir" ->
          throw new IllegalArgumentException(
              ("'%s:' is not supported; there are oci:DIR, oci-archive:FILE, docker-archive:FILE,"
                      + " containerd:NAME and registries")
                  .formatted(kind));
      default -> new InRegistry(ImageReference.parse(text));
    };
  }

  private static String name(String rest) {
    if (rest.isEmpty()) {
      throw new IllegalArgumentException("no name behind the colon");
    }
    return rest;
  }

  private static Path path(String rest) {
    int colon = rest.indexOf(':');
    String path = colon < 0 ? rest : rest.substring(0, colon);
    if (path.isEmpty()) {
      throw new IllegalArgumentException("no path in front of the colon");
    }
    return Path.of(path);
  }

  private static Optional<String> tag(String rest) {
    int colon = rest.indexOf(':');
    return colon < 0 || colon == rest.length() - 1
        ? Optional.empty()
        : Optional.of(rest.substring(colon + 1));
  }

  /// Opens the image that is there.
  default ImageSource source(ImagePlaces places) throws IOException {
    return switch (this) {
      case InRegistry(ImageReference reference) ->
          new RegistrySource(places.registries(), reference);
      case InLayout(Path folder, Optional<String> tag) ->
          new LayoutSource(new FolderFiles(folder), tag);
      case InArchive(Path file, Optional<String> tag) ->
          new LayoutSource(ArchiveFiles.open(file, places.spools()), tag);
      case InDockerArchive(Path file, Optional<String> tag) ->
          DockerArchiveSource.open(ArchiveFiles.open(file, places.spools()), tag);
      case InNodeStore(String name) -> places.node().source(name);
    };
  }

  /// Begins an image there.
  default ImageSink sink(ImagePlaces places) throws IOException {
    return switch (this) {
      case InRegistry(ImageReference reference) ->
          new RegistrySink(places.registries().writer(reference), reference);
      case InLayout(Path folder, Optional<String> tag) -> LayoutSink.open(folder, tag);
      case InArchive(Path file, Optional<String> tag) -> ArchiveSink.create(file, tag);
      case InDockerArchive _ ->
          throw new IOException(
              "docker-archive: is read, not written: 'docker load' takes an oci-archive: as well");
      case InNodeStore(String name) -> places.node().sink(name);
    };
  }
}
