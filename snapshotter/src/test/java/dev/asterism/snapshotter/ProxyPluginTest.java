package dev.asterism.snapshotter;

import static dev.asterism.snapshotter.Statuses.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.snapshotter.wire.Info;
import dev.asterism.snapshotter.wire.Kind;
import dev.asterism.testkit.containerd.PrivateContainerd;
import io.grpc.Status.Code;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Ours as a proxy plugin of a real containerd, asked through that containerd.
@Tag("kernel")
final class ProxyPluginTest {
  private static final Digest LAYER = Digest.of(new byte[] {1});

  @TempDir private Path root;
  @TempDir private Path containerdRoot;
  @TempDir private Path scratch;
  private AsterismService service;
  private PrivateContainerd containerd;

  @BeforeEach
  void start() throws Exception {
    Kernel.require("containerd", "ctr", "mount", "unshare");
    service = AsterismService.start(root);
    service.layers().reachable.add(LAYER);
    containerd =
        PrivateContainerd.start(containerdRoot, Map.of("asterism", AsterismService.socket(root)));
  }

  @AfterEach
  void stop() throws Exception {
    if (containerd != null) {
      containerd.close();
    }
    if (service != null) {
      service.close();
    }
  }

  private String ctr(String... arguments) throws Exception {
    return containerd
        .ctr("snapshots", "--snapshotter", "asterism")
        .with(arguments)
        .runOrThrow()
        .text();
  }

  private SnapshotsClient through(String namespace) {
    return new SnapshotsClient(containerd.socket(), namespace, "asterism");
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

  @Test
  void ctr_prepareCommitViewRemove_works() throws Exception {
    ctr("prepare", "--mounts", "a");
    assertThat(ctr("mounts", scratch.toString(), "a")).contains(root.toString());
    ctr("commit", "c", "a");
    ctr("prepare", "top", "c");
    assertThat(ctr("list")).contains("Committed", "Active", "top");
    assertThat(ctr("info", "top")).contains("\"Parent\": \"c\"");
    assertThat(ctr("usage", "c")).contains("4.0 KiB");
    ctr("label", "c", "mine=1");
    assertThat(ctr("info", "c")).contains("\"mine\": \"1\"");
    ctr("view", "v", "c");
    assertThatThrownBy(() -> ctr("rm", "c")).hasMessageContaining("child");
    ctr("rm", "top", "v", "c");
    assertThat(ctr("list")).doesNotContain("Committed");
  }

  @Test
  void prepare_withTarget_isFoundUnderItsNameInEachNamespace() throws Exception {
    for (String namespace : new String[] {"one", "two"}) {
      try (SnapshotsClient client = through(namespace)) {
        assertFails(
            Code.ALREADY_EXISTS, () -> client.prepare("extract", "", labels("sha256:chain")));
        Info info = client.stat("sha256:chain");
        assertThat(info.getKind()).isEqualTo(Kind.COMMITTED);
        assertThat(client.usage("sha256:chain").getSize()).isEqualTo(FakeLayerMounter.USAGE.size());
        assertThat(client.prepare("container", "sha256:chain").getFirst().options())
            .contains("metacopy=on");
      }
    }
    assertThat(service.client().list("kind==committed")).hasSize(1);
  }

  @Test
  void prepare_withTargetThatFails_isUnpackedInstead() throws Exception {
    service.layers().reachable.clear();
    try (SnapshotsClient client = through("one")) {
      Kernel.in(scratch, client.prepare("extract", "", labels("sha256:chain")), "echo 1 > f");
      client.commit("sha256:chain", "extract", labels("sha256:chain"));
      assertThat(Kernel.in(scratch, client.prepare("c", "sha256:chain"), "cat f")).isEqualTo("1");
    }
  }

  @Test
  void prepare_withTargetOverUnpackedParent_isFoundByContainerd() throws Exception {
    try (SnapshotsClient one = through("one");
        SnapshotsClient two = through("two")) {
      assertFails(Code.ALREADY_EXISTS, () -> one.prepare("k", "", labels("sha256:base")));
      assertFails(Code.ALREADY_EXISTS, () -> one.prepare("k", "sha256:base", labels("sha256:app")));
      two.prepare("k", "");
      two.commit("sha256:base", "k");
      assertFails(Code.ALREADY_EXISTS, () -> two.prepare("k", "sha256:base", labels("sha256:app")));
      assertThat(two.stat("sha256:app").getParent()).isEqualTo("sha256:base");
      assertThat(two.view("v", "sha256:app").getFirst().options()).contains("metacopy=on");
    }
  }
}
