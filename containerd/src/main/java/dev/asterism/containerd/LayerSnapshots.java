package dev.asterism.containerd;

import dev.asterism.containerd.wire.ApplyRequest;
import dev.asterism.containerd.wire.Mount;
import dev.asterism.content.CorruptContentException;
import dev.asterism.content.Digest;
import dev.asterism.images.ImageSource;
import dev.asterism.images.PlatformImage;
import dev.asterism.registry.Descriptor;
import dev.asterism.snapshotter.wire.CommitSnapshotRequest;
import dev.asterism.snapshotter.wire.PrepareSnapshotRequest;
import dev.asterism.snapshotter.wire.PrepareSnapshotResponse;
import dev.asterism.snapshotter.wire.RemoveSnapshotRequest;
import dev.asterism.snapshotter.wire.StatSnapshotRequest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Makes layers snapshots. Confined to one thread.
///
/// @param sink takes the content of layers that are unpacked
/// @param source of the layers
/// @param snapshotter containerd's name of it
record LayerSnapshots(ContainerdSink sink, ImageSource source, String snapshotter) {
  /// The name under which a remote snapshotter commits what it takes.
  private static final String TARGET = "containerd.io/snapshot.ref";

  /// Makes a layer the committed snapshot `name`, or leaves the one that is there.
  ///
  /// @param parent empty for the lowest layer
  /// @return whether the snapshotter took it, or had it already; else it was unpacked
  boolean make(String name, String parent, PlatformImage.Layer layer, Map<String, String> labels)
      throws IOException {
    if (isThere(name)) {
      return true;
    }
    String key = "extract-%s %s".formatted(UUID.randomUUID(), name);
    PrepareSnapshotRequest request =
        PrepareSnapshotRequest.newBuilder()
            .setSnapshotter(snapshotter)
            .setKey(key)
            .setParent(parent)
            .putAllLabels(labels)
            .putLabels(TARGET, name)
            .build();
    PrepareSnapshotResponse prepared;
    try {
      prepared = connection().snapshots().prepare(request);
    } catch (StatusRuntimeException e) {
      if (Connection.isThere(e)) {
        return true;
      }
      throw connection().failure("layer %s".formatted(layer.descriptor().digest()), e);
    }
    try {
      unpack(layer, prepared.getMountsList());
      commit(name, key);
    } catch (IOException e) {
      remove(key, e);
      throw e;
    }
    return false;
  }

  private Connection connection() {
    return sink.leased();
  }

  private boolean isThere(String name) throws IOException {
    try {
      connection()
          .snapshots()
          .stat(StatSnapshotRequest.newBuilder().setSnapshotter(snapshotter).setKey(name).build());
      return true;
    } catch (StatusRuntimeException e) {
      if (Connection.isAbsent(e)) {
        return false;
      }
      throw connection().failure("snapshotter " + snapshotter, e);
    }
  }

  private void unpack(PlatformImage.Layer layer, List<dev.asterism.snapshotter.wire.Mount> mounts)
      throws IOException {
    Descriptor blob = layer.descriptor();
    if (!sink.has(blob, source)) {
      sink.put(blob, source.blob(blob), _ -> {});
    }
    ApplyRequest.Builder request =
        ApplyRequest.newBuilder()
            .setDiff(
                dev.asterism.containerd.wire.Descriptor.newBuilder()
                    .setMediaType(blob.mediaType())
                    .setDigest(blob.digest().toString())
                    .setSize(blob.size()));
    for (dev.asterism.snapshotter.wire.Mount mount : mounts) {
      request.addMounts(
          Mount.newBuilder()
              .setType(mount.getType())
              .setSource(mount.getSource())
              .setTarget(mount.getTarget())
              .addAllOptions(mount.getOptionsList()));
    }
    String what = "unpacking layer " + blob.digest();
    String applied =
        connection()
            .call(what, () -> connection().diff().apply(request.build()))
            .getApplied()
            .getDigest();
    if (!applied.equals(layer.diffId().toString())) {
      Digest actual =
          Digest.find(applied).orElseThrow(() -> new IOException(what + ": " + applied));
      throw new CorruptContentException(
          "the tar of layer " + blob.digest(), layer.diffId(), actual);
    }
  }

  private void commit(String name, String key) throws IOException {
    CommitSnapshotRequest request =
        CommitSnapshotRequest.newBuilder()
            .setSnapshotter(snapshotter)
            .setName(name)
            .setKey(key)
            .build();
    try {
      connection().snapshots().commit(request);
    } catch (StatusRuntimeException e) {
      IOException failure = connection().failure("committing " + name, e);
      if (!Connection.isThere(e)) {
        throw failure;
      }
      remove(key, failure); // somebody else was faster
    }
  }

  private void remove(String key, IOException because) {
    try {
      connection()
          .snapshots()
          .remove(
              RemoveSnapshotRequest.newBuilder().setSnapshotter(snapshotter).setKey(key).build());
    } catch (StatusRuntimeException e) {
      because.addSuppressed(e);
    }
  }
}
