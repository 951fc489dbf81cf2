package dev.asterism.containerd;

import com.google.protobuf.FieldMask;
import dev.asterism.containerd.wire.AbortRequest;
import dev.asterism.containerd.wire.CreateImageRequest;
import dev.asterism.containerd.wire.Image;
import dev.asterism.containerd.wire.Info;
import dev.asterism.containerd.wire.InfoRequest;
import dev.asterism.containerd.wire.UpdateImageRequest;
import dev.asterism.containerd.wire.UpdateRequest;
import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.images.BytesBlob;
import dev.asterism.images.Document;
import dev.asterism.images.ImageSink;
import dev.asterism.images.ImageSource;
import dev.asterism.registry.Descriptor;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;

/// An image of containerd's content store, being written.
///
/// Until it has its name a lease holds all of it; afterwards each manifest's labels hold what it
/// names, as containerd's garbage collection wants it. What is not named at [#close] is collected.
final class ContainerdSink implements ImageSink {
  private static final String HOLDS = "containerd.io/gc.ref.content.";

  private static final int MAX_LABEL = 4096; // characters of key and value, in containerd

  private final Connection plain;
  private final Lease lease;
  private final Connection connection;
  private final ImageName name;
  private final Map<String, String> imageLabels;
  private final Set<String> unfinished = ConcurrentHashMap.newKeySet();
  private volatile boolean named;

  private ContainerdSink(
      Connection plain, Lease lease, ImageName name, Map<String, String> imageLabels) {
    this.plain = plain;
    this.lease = lease;
    this.connection = lease.connection();
    this.name = name;
    this.imageLabels = Map.copyOf(imageLabels);
  }

  /// Begins an image.
  ///
  /// @param plain closed with this
  /// @param imageLabels of the image itself
  static ContainerdSink begin(Connection plain, ImageName name, Map<String, String> imageLabels)
      throws IOException {
    return new ContainerdSink(plain, Lease.on(plain), name, imageLabels);
  }

  /// Returns the connection under the lease.
  Connection leased() {
    return connection;
  }

  @Override
  public boolean has(Descriptor blob, ImageSource source) throws IOException {
    lease.hold(blob.digest()); // first: what is seen afterwards stays
    try {
      InfoRequest request = InfoRequest.newBuilder().setDigest(blob.digest().toString()).build();
      return connection.content().info(request).getInfo().getSize() == blob.size();
    } catch (StatusRuntimeException e) {
      if (Connection.isAbsent(e)) {
        return false;
      }
      throw connection.failure(blob.digest().toString(), e);
    }
  }

  @Override
  public boolean wantsDiffIds() {
    return true;
  }

  /// As containerd's own converters label layers: who unpacks one need not ask its config.
  @Override
  public void unpacksTo(Digest layer, Digest diffId) throws IOException {
    label(layer, Map.of("containerd.io/uncompressed", diffId.toString()));
  }

  /// As containerd's own pull labels content: a push to the same host can have it mounted.
  @Override
  public void isFrom(Digest blob, ImageSource source) throws IOException {
    Optional<String> name = source.repository();
    if (name.isEmpty()) {
      return;
    }
    int slash = name.get().indexOf('/');
    String key = "containerd.io/distribution.source." + name.get().substring(0, slash);
    InfoRequest request = InfoRequest.newBuilder().setDigest(blob.toString()).build();
    Info info =
        connection.call("labels of " + blob, () -> connection.content().info(request)).getInfo();
    String known = info.getLabelsOrDefault(key, "");
    Set<String> repositories = new LinkedHashSet<>(List.of(known.split(",")));
    repositories.remove("");
    repositories.add(name.get().substring(slash + 1));
    String all = String.join(",", repositories);
    if (!all.equals(known) && key.length() + all.length() <= MAX_LABEL) {
      label(blob, Map.of(key, all));
    }
  }

  @Override
  public void put(Descriptor blob, Blob content, LongConsumer progress) throws IOException {
    write(blob.digest(), content, Map.of(), progress);
  }

  private void write(Digest digest, Blob content, Map<String, String> labels, LongConsumer progress)
      throws IOException {
    String ref = "asterism-" + digest;
    lease.hold(digest);
    unfinished.add(ref);
    try {
      ContentWrite.put(connection, digest, ref, content, labels, progress);
    } catch (StatusRuntimeException e) {
      throw connection.failure("writing " + digest, e);
    }
    unfinished.remove(ref);
  }

  @Override
  public void put(Document document) throws IOException {
    Map<String, String> labels = labels(document);
    write(document.digest(), new BytesBlob(document.bytes()), labels, _ -> {});
    label(document.digest(), labels); // it may have been there before, without them
  }

  /// Returns what tells the garbage collector that a document needs what it names.
  private static Map<String, String> labels(Document document) throws IOException {
    Map<String, String> labels = new TreeMap<>();
    int manifests = 0;
    int layers = 0;
    for (Document.Child child : document.children()) {
      String role =
          switch (child.role()) {
            case MANIFEST -> "m." + manifests++;
            case CONFIG -> "config";
            case LAYER -> "l." + layers++;
          };
      labels.put(HOLDS + role, child.descriptor().digest().toString());
    }
    return labels;
  }

  /// Adds labels to content that is there.
  void label(Digest digest, Map<String, String> labels) throws IOException {
    if (labels.isEmpty()) {
      return;
    }
    FieldMask.Builder mask = FieldMask.newBuilder();
    labels.keySet().forEach(key -> mask.addPaths("labels." + key));
    UpdateRequest request =
        UpdateRequest.newBuilder()
            .setInfo(Info.newBuilder().setDigest(digest.toString()).putAllLabels(labels))
            .setUpdateMask(mask)
            .build();
    connection.call("labels of " + digest, () -> connection.content().update(request));
  }

  @Override
  public boolean hasTag() {
    return name.hasTag();
  }

  @Override
  public void nameBeside(Document root, String suffix) throws IOException {
    if (!hasTag()) {
      throw new IllegalStateException("no tag in " + name);
    }
    name(root, name + suffix);
  }

  @Override
  public void name(Document root) throws IOException {
    name(root, name.toString());
    named = true;
  }

  private void name(Document root, String image) throws IOException {
    put(root);
    Image wanted =
        Image.newBuilder()
            .setName(image)
            .putAllLabels(imageLabels)
            .setTarget(
                dev.asterism.containerd.wire.Descriptor.newBuilder()
                    .setMediaType(root.mediaType())
                    .setDigest(root.digest().toString())
                    .setSize(root.bytes().length))
            .build();
    try {
      connection.images().create(CreateImageRequest.newBuilder().setImage(wanted).build());
    } catch (StatusRuntimeException e) {
      if (!Connection.isThere(e)) {
        throw connection.failure("naming " + image, e);
      }
      replace(wanted);
    }
  }

  private void replace(Image wanted) throws IOException {
    FieldMask.Builder mask = FieldMask.newBuilder().addPaths("target");
    imageLabels.keySet().forEach(key -> mask.addPaths("labels." + key));
    UpdateImageRequest request =
        UpdateImageRequest.newBuilder().setImage(wanted).setUpdateMask(mask).build();
    connection.call("naming " + wanted.getName(), () -> connection.images().update(request));
  }

  @Override
  public void close() throws IOException {
    boolean interrupted = Thread.interrupted(); // or no call would be made
    try (plain) {
      for (String ref : unfinished) {
        abort(ref);
      }
      lease.end(!named);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void abort(String ref) {
    try {
      connection.content().abort(AbortRequest.newBuilder().setRef(ref).build());
    } catch (StatusRuntimeException _) {
      // It is not there, or containerd is not: then it goes with the lease.
    }
  }
}
