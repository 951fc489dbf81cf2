package dev.asterism.layers;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.layers.LayerRequest.Verification;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Layers that are served from memory and mounted for real: gate, chain and overlay, as a container
/// would see them.
///
/// Closing unmounts everything, whatever state it is in.
final class LazyImage implements AutoCloseable {
  private final Path root;
  private final Path mountpoint;
  private final Map<Digest, Blob> blobs;
  private final List<LayerRequest> requests;
  private LayerService service;
  private boolean mounted;

  private LazyImage(Path directory, Map<Digest, Blob> blobs, List<LayerRequest> requests)
      throws IOException {
    this.root = directory.resolve("root");
    this.mountpoint = Files.createDirectories(directory.resolve("rootfs"));
    this.blobs = blobs;
    this.requests = requests;
    this.service = open();
  }

  /// Mounts layers, lowest first.
  static LazyImage mount(Path directory, Layer... layers) throws Exception {
    LazyImage image = prepared(directory, layers);
    try {
      image.mountOverlay();
    } catch (Exception | AssertionError e) {
      image.close();
      throw e;
    }
    return image;
  }

  /// Knows the layers but mounts nothing yet.
  static LazyImage prepared(Path directory, Layer... layers) throws Exception {
    Map<Digest, Blob> blobs = new HashMap<>();
    List<LayerRequest> requests = new ArrayList<>();
    for (Layer layer : layers) {
      Layer.EstargzBlob blob = layer.estargz();
      blobs.put(blob.layer().digest(), blob.blob());
      requests.add(
          new LayerRequest(
              "registry.test/image:1",
              blob.layer().digest(),
              Optional.of(blob.layer().tocDigest()),
              Verification.REQUIRED));
    }
    return new LazyImage(directory, blobs, requests);
  }

  private LayerService open() throws IOException {
    return LayerService.open(root, this::blob, FetchPolicy.DEFAULT, InstantSource.system());
  }

  private Blob blob(String image, Digest layer) throws IOException {
    Blob blob = blobs.get(layer);
    if (blob == null) {
      throw new IOException("%s has no layer %s".formatted(image, layer));
    }
    return blob;
  }

  /// Puts another source in the place of a layer's blob.
  void replace(int layer, Blob blob) {
    blobs.put(requests.get(layer).layer(), blob);
  }

  /// Prepares the layers and mounts the overlay, read-only.
  void mountOverlay() throws Exception {
    for (LayerRequest request : requests) {
      service.layers().prepare(request);
    }
    Chain chain = new Chain(requests.stream().map(LayerRequest::layer).toList(), Chain.Base.EMPTY);
    StringBuilder lower = new StringBuilder(service.layers().mountChain(chain).toString());
    service.layers().dataLayers().forEach(path -> lower.append("::").append(path));
    Command.of(
            "mount",
            "-t",
            "overlay",
            "-o",
            "ro,metacopy=on,lowerdir=" + lower,
            "overlay",
            mountpoint.toString())
        .runOrThrow();
    mounted = true;
  }

  void unmountOverlay() throws Exception {
    if (mounted) {
      Command.of("umount", mountpoint.toString()).runOrThrow();
      mounted = false;
    }
  }

  /// Stops the daemon's part; the overlay stays.
  void stop() throws IOException {
    service.close();
  }

  /// Starts it again on the same root.
  void start() throws IOException {
    service = open();
  }

  LayerService service() {
    return service;
  }

  List<LayerRequest> requests() {
    return List.copyOf(requests);
  }

  Path root() {
    return root;
  }

  /// Where the container's files are.
  Path rootfs() {
    return mountpoint;
  }

  @Override
  public void close() throws Exception {
    try {
      unmountOverlay();
    } finally {
      try (LayerService closing = service) {
        closing.layers().retain(() -> new LayerMounter.InUse(Set.of(), Set.of()));
      }
    }
  }
}
