package dev.asterism.cli.mount;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.estargz.TocPin;
import dev.asterism.layers.BlobSource;
import dev.asterism.layers.Chain;
import dev.asterism.layers.FetchPolicy;
import dev.asterism.layers.LayerMounter;
import dev.asterism.layers.LayerRequest;
import dev.asterism.layers.LayerService;
import dev.asterism.linux.Mount;
import dev.asterism.linux.Mounts;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Image;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/// An image, read-only, in a directory, for as long as this process serves it.
///
/// An overlay without an upper directory over the image's merged metadata and the store's data-only
/// layers: what a container gets, without containerd.
public final class MountedImage implements AutoCloseable {
  /// What the mount table has as the source of such a mount.
  public static final String SOURCE = "asterism";

  private static final String TYPE = "overlay";

  private final LayerService service;
  private final Path mountpoint;

  private MountedImage(LayerService service, Path mountpoint) {
    this.service = service;
    this.mountpoint = mountpoint;
  }

  /// Mounts an image.
  ///
  /// @param mountpoint an absolute directory without symlinks
  /// @param root the store; no other process may use it meanwhile
  /// @param progress is told what is being done
  /// @throws IOException if a layer cannot be read lazily, or a mount fails; nothing stays mounted
  public static MountedImage mount(
      Image image, Path mountpoint, Path root, BlobSource registry, Consumer<String> progress)
      throws IOException {
    return mount(image, mountpoint, Mounts.MS_RDONLY, "", root, registry, progress);
  }

  /// Where writes to a mounted image go: two directories of one file system, which is no overlay.
  ///
  /// @param upper gets what is written
  /// @param work the kernel's own
  public record Writable(Path upper, Path work) {}

  /// Mounts an image that can be written to, without devices; else as the other.
  public static MountedImage mountWritable(
      Image image,
      Path mountpoint,
      Writable top,
      Path root,
      BlobSource registry,
      Consumer<String> progress)
      throws IOException {
    String options = "upperdir=%s,workdir=%s,".formatted(top.upper(), top.work());
    return mount(image, mountpoint, Mounts.MS_NODEV, options, root, registry, progress);
  }

  private static MountedImage mount(
      Image image,
      Path mountpoint,
      int flags,
      String options,
      Path root,
      BlobSource registry,
      Consumer<String> progress)
      throws IOException {
    LayerService service =
        LayerService.open(root, registry, FetchPolicy.DEFAULT, InstantSource.system());
    try {
      LayerMounter layers = service.layers();
      List<Digest> digests = image.layers().stream().map(Descriptor::digest).toList();
      for (int i = 0; i < digests.size(); i++) {
        progress.accept("preparing layer " + digests.get(i));
        LayerRequest request = request(image, image.layers().get(i), registry);
        layers.expect(request, digests.subList(i + 1, digests.size()));
        layers.prepare(request);
      }
      Path metadata = layers.mountChain(Chain.of(digests));
      String data =
          layers.dataLayers().stream().map(path -> "::" + path).collect(Collectors.joining());
      Mounts.mount(
          SOURCE, mountpoint, TYPE, flags, options + "metacopy=on,lowerdir=" + metadata + data);
      return new MountedImage(service, mountpoint);
    } catch (IOException | RuntimeException e) {
      end(service);
      throw e;
    }
  }

  private static LayerRequest request(Image image, Descriptor layer, BlobSource registry)
      throws IOException {
    String reference = image.reference().toString();
    return new LayerRequest(
        reference,
        layer.digest(),
        TocPin.of(layer.annotations(), new Unopened(registry, reference, layer)),
        LayerRequest.Verification.REQUIRED);
  }

  /// A layer's blob that is opened when it is read.
  private record Unopened(BlobSource registry, String image, Descriptor layer) implements Blob {
    @Override
    public long size() {
      return layer.size();
    }

    @Override
    public InputStream open(ByteRange range) throws IOException {
      return registry.open(image, layer.digest(), layer.size()).open(range);
    }
  }

  /// Tells whether such an image is mounted on `mountpoint`. Looks at the mount table only.
  public static boolean isMounted(Path mountpoint) throws IOException {
    return Mounts.find(mountpoint).filter(MountedImage::isOurs).isPresent();
  }

  private static boolean isOurs(Mount mount) {
    return mount.type().equals(TYPE) && mount.source().equals(SOURCE);
  }

  /// Unmounts the image, if nobody has done so, and all that served it. The store stays.
  @Override
  public void close() throws IOException {
    try {
      if (isMounted(mountpoint)) {
        Mounts.unmount(mountpoint, Mounts.MNT_DETACH);
      }
    } finally {
      end(service);
    }
  }

  private static void end(LayerService service) throws IOException {
    try {
      service.layers().retain(() -> new LayerMounter.InUse(Set.of(), Set.of()));
    } finally {
      service.close();
    }
  }

  /// Returns where the store of a mount lies when nobody says so: one for each mountpoint, as two
  /// processes cannot share one.
  public static Path defaultRoot(Path mountpoint) {
    String name = mountpoint.toString().substring(1).replaceAll("[^A-Za-z0-9.-]", "_");
    return Path.of("/var/lib/asterism-mounts").resolve(name);
  }

  /// Returns the directory with its symlinks resolved, as the mount table has it.
  ///
  /// @throws IOException if it is no directory
  public static Path mountpoint(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new IOException(directory + " is not a directory");
    }
    return directory.toRealPath();
  }
}
