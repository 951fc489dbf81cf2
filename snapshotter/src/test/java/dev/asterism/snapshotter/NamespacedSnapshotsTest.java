package dev.asterism.snapshotter;

import static dev.asterism.snapshotter.Statuses.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.snapshotter.wire.Info;
import io.grpc.Status.Code;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Namespaces that share nothing, asked over the socket as containerd asks.
final class NamespacedSnapshotsTest {
  private static final Digest LAYER = Digest.of(new byte[] {1});
  private static final String TARGET = "sha256:chain";
  private static final String SEARCH =
      "labels.\"containerd.io/snapshot.ref\"==sha256:chain,parent==\"\"";

  @TempDir private Path root;
  private final TreeMap<String, FakeLayerMounter> mounters = new TreeMap<>();
  private final TreeMap<String, Snapshots> opened = new TreeMap<>();
  private SnapshotServer server;
  private SnapshotsClient client;

  private final class OnDisk implements NamespacedSnapshots.Namespaces {
    @Override
    public synchronized Snapshots open(String namespace) throws IOException {
      Snapshots there = opened.get(namespace);
      if (there == null) {
        Path own = Files.createDirectory(root.resolve(namespace));
        FakeLayerMounter mounter = new FakeLayerMounter(own);
        mounter.reachable.add(LAYER);
        there =
            Snapshots.open(
                own,
                mounter,
                SnapshotSettings.of(VerificationPolicy.REQUIRED).ofNamespace(namespace),
                InstantSource.system());
        mounters.put(namespace, mounter);
        opened.put(namespace, there);
      }
      return there;
    }

    @Override
    public synchronized Optional<Snapshots> find(String namespace) {
      return Optional.ofNullable(opened.get(namespace));
    }

    @Override
    public synchronized List<Snapshots> all() {
      return List.copyOf(opened.values());
    }
  }

  @BeforeEach
  void start() throws Exception {
    Path socket = root.resolve("s.sock");
    server = SnapshotServer.start(socket, new NamespacedSnapshots(new OnDisk()));
    client = new SnapshotsClient(socket, "ignored", "asterism");
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    server.close();
    for (Snapshots snapshots : opened.values()) {
      snapshots.close();
    }
  }

  private static Map<String, String> labels(String target) {
    return Map.of(
        RemoteLabels.TARGET,
        target,
        RemoteLabels.CRI_IMAGE,
        "registry.example/app:1",
        RemoteLabels.CRI_LAYER,
        LAYER.toString());
  }

  private void prepareRemote(String key, String parent, String target) {
    assertFails(Code.ALREADY_EXISTS, () -> client.prepare(key, parent, labels(target)));
  }

  private List<String> names(String... filters) {
    return client.list(filters).stream().map(Info::getName).toList();
  }

  @Test
  void prepare_ofALayerThatAnotherNamespaceHas_isAskedOfItsOwnLayers() {
    prepareRemote("a/1/extract", "", TARGET);
    prepareRemote("b/2/extract", "", TARGET);

    assertThat(layersOf("a").prepared).hasSize(1);
    assertThat(layersOf("b").prepared).hasSize(1);
    assertThat(names(SEARCH)).containsExactly(TARGET);
    assertThat(names()).containsExactly(TARGET);
  }

  @Test
  void prepare_overALayerThatOnlyAnotherNamespaceHas_isNotFound() {
    prepareRemote("a/1/extract", "", TARGET);
    b();
    assertFails(Code.NOT_FOUND, () -> client.prepare("b/3/container", TARGET));
    assertFails(Code.NOT_FOUND, () -> client.view("b/3/container", TARGET));
    prepareRemote("b/2/extract", "", TARGET);
    assertThat(client.prepare("b/3/container", TARGET)).isNotEmpty();
  }

  /// Namespace b is there, with one snapshot that has nothing to do with anything.
  private void b() {
    client.prepare("b/0/nothing", "");
    client.remove("b/0/nothing");
  }

  @Test
  void mounts_overALayer_showTheStoreOfTheirNamespaceAlone() {
    prepareRemote("a/1/extract", "", TARGET);
    prepareRemote("b/2/extract", "", TARGET);
    client.prepare("b/3/container", TARGET);
    assertThat(client.mounts("b/3/container").toString())
        .contains(root.resolve("b/objects").toString())
        .doesNotContain(root.resolve("a") + "/");
  }

  /// What one namespace has unpacked must not be what containerd finds for another one.
  @Test
  void list_targetThatANamespaceUnpacked_findsTheOneOfAllFirst() {
    opened("a").reachable.clear();
    client.prepare("a/1/extract", "", labels(TARGET));
    client.commit("a/2/" + TARGET, "a/1/extract", Map.of(RemoteLabels.TARGET, TARGET));
    prepareRemote("b/3/extract", "", TARGET);
    assertThat(layersOf("b").prepared).hasSize(1);
    assertThat(names(SEARCH)).containsExactly(TARGET, "a/2/" + TARGET);

    layersOf("a").reachable.add(LAYER);
    prepareRemote("a/4/extract", "", TARGET);
    assertThat(names(SEARCH)).containsExactly(TARGET, "a/2/" + TARGET);
    assertThat(client.prepare("a/5/container", TARGET)).isNotEmpty();
  }

  private FakeLayerMounter layersOf(String namespace) {
    return Optional.ofNullable(mounters.get(namespace)).orElseThrow();
  }

  private FakeLayerMounter opened(String namespace) {
    client.prepare(namespace + "/0/first", "");
    client.remove(namespace + "/0/first");
    return layersOf(namespace);
  }

  /// Over a parent that only one namespace has, a layer is that namespace's alone.
  @Test
  void prepare_overAnUnpackedParent_isNamedForItsNamespace() {
    client.prepare("a/1/extract", "");
    client.commit("a/2/below", "a/1/extract");
    prepareRemote("a/3/extract", "a/2/below", TARGET);
    prepareRemote("b/4/extract", "", TARGET);
    assertThat(names()).containsExactly(TARGET, "a/2/below", "a/" + TARGET);
    assertThat(client.stat("a/" + TARGET).getParent()).isEqualTo("a/2/below");
  }

  @Test
  void remove_ofATarget_removesItFromAll() {
    prepareRemote("a/1/extract", "", TARGET);
    prepareRemote("b/2/extract", "", TARGET);
    assertThat(client.usage(TARGET).getSize()).isEqualTo(2 * FakeLayerMounter.USAGE.size());
    client.update(client.stat(TARGET).toBuilder().putLabels("x", "y").build());
    assertThat(client.list("labels.x==y")).hasSize(1);

    client.remove(TARGET);

    assertThat(names()).isEmpty();
    assertFails(Code.NOT_FOUND, () -> client.stat(TARGET));
    assertFails(Code.NOT_FOUND, () -> client.prepare("b/3/container", TARGET));
  }

  @ParameterizedTest
  @ValueSource(strings = {"container", "/1/container", "../1/container", "a b/1/c", "a..b/1/c"})
  void prepare_underAKeyWithoutANamespace_isRefused(String key) {
    assertFails(Code.INVALID_ARGUMENT, () -> client.prepare(key, ""));
    assertThat(opened).isEmpty();
    assertFails(Code.NOT_FOUND, () -> client.stat(key));
    assertFails(Code.NOT_FOUND, () -> client.remove(key));
    assertFails(Code.INVALID_ARGUMENT, () -> client.list("name="));
  }

  @Test
  void calls_byKey_reachTheSnapshotsOfItsNamespace() {
    client.prepare("a/1/active", "");
    client.prepare("b/2/active", "");
    client.commit("a/3/committed", "a/1/active");
    assertFails(Code.INVALID_ARGUMENT, () -> client.commit("a/4/committed", "b/2/active"));
    assertFails(Code.INVALID_ARGUMENT, () -> client.commit("committed", "b/2/active"));

    assertThat(client.stat("a/3/committed").getName()).isEqualTo("a/3/committed");
    assertThat(client.usage("a/3/committed").getInodes()).isPositive();
    assertThat(client.mounts("b/2/active")).hasSize(1);
    client.remove("a/3/committed");
    client.cleanup();
    assertThat(names()).containsExactly("b/2/active");
  }
}
