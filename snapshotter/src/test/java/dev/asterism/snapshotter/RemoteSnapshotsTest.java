package dev.asterism.snapshotter;

import static dev.asterism.snapshotter.Statuses.assertFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.layers.Chain;
import dev.asterism.layers.Chain.Below;
import dev.asterism.snapshotter.wire.Info;
import dev.asterism.snapshotter.wire.Kind;
import io.grpc.Status.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Snapshots whose layers are prepared instead of unpacked.
final class RemoteSnapshotsTest {
  private static final Digest BASE = Digest.of(new byte[] {1});
  private static final Digest APP = Digest.of(new byte[] {2});

  @TempDir private Path root;
  private AsterismService service;

  @BeforeEach
  void start() throws Exception {
    service = AsterismService.start(root);
    service.layers().reachable.add(BASE);
    service.layers().reachable.add(APP);
  }

  @AfterEach
  void stop() throws Exception {
    service.close();
  }

  private void restart() throws Exception {
    FakeLayerMounter layers = service.layers();
    service.close();
    layers.open.clear();
    layers.mounted.clear();
    layers.prepared.clear();
    service = AsterismService.start(root, layers);
  }

  private static Map<String, String> labels(String target, Digest layer) {
    return Map.of(
        RemoteLabels.TARGET,
        target,
        RemoteLabels.CRI_IMAGE,
        "registry.example/app:1",
        RemoteLabels.CRI_LAYER,
        layer.toString());
  }

  private void prepareRemote(String target, String parent, Digest layer) {
    assertFails(
        Code.ALREADY_EXISTS,
        () -> service.client().prepare("extract " + target, parent, labels(target, layer)));
  }

  private List<String> directories() throws Exception {
    try (var entries = Files.list(root.resolve("snapshots"))) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void prepare_ofReachableLayer_isCommittedAsItsTarget() {
    prepareRemote("sha256:base", "", BASE);
    Info info = service.client().stat("sha256:base");
    assertThat(info.getKind()).isEqualTo(Kind.COMMITTED);
    assertThat(info.getLabelsMap())
        .containsEntry("containerd.io/snapshot/remote", "remote snapshot")
        .containsEntry("containerd.io/snapshot.ref", "sha256:base");
    assertThat(service.client().list()).hasSize(1);
    assertThat(service.client().usage("sha256:base").getSize())
        .isEqualTo(FakeLayerMounter.USAGE.size());
    assertThat(service.client().usage("sha256:base").getInodes())
        .isEqualTo(FakeLayerMounter.USAGE.inodes());
  }

  /// Who adds up the usage of all snapshots, as kubelet does, counts each byte once.
  @Test
  void usage_ofOneLayerOverTwoParents_isDividedAmongItsSnapshots() {
    prepareRemote("sha256:base", "", BASE);
    prepareRemote("sha256:app", "sha256:base", APP);
    prepareRemote("sha256:other", "", APP);

    assertThat(service.client().usage("sha256:base").getSize())
        .isEqualTo(FakeLayerMounter.USAGE.size());
    for (String name : List.of("sha256:app", "sha256:other")) {
      assertThat(service.client().usage(name).getSize())
          .isEqualTo(FakeLayerMounter.USAGE.size() / 2);
    }
  }

  @Test
  void prepare_ofReachableLayer_isFoundByTheFilterThatContainerdAsksWith() {
    prepareRemote("sha256:base", "", BASE);
    prepareRemote("sha256:app", "sha256:base", APP);
    assertThat(
            service
                .client()
                .list("labels.\"containerd.io/snapshot.ref\"==sha256:app,parent==\"sha256:base\""))
        .extracting(Info::getName)
        .containsExactly("sha256:app");
  }

  @ParameterizedTest
  @ValueSource(strings = {RemoteLabels.CRI_LAYERS, RemoteLabels.STARGZ_LAYERS})
  void prepare_whoseLabelsListTheLayersAbove_saysThatTheseWillFollow(String label) {
    Map<String, String> labels = new HashMap<>(labels("sha256:base", BASE));
    labels.put(label, BASE + "," + APP + ",sha256:cut");
    assertFails(Code.ALREADY_EXISTS, () -> service.client().prepare("extract", "", labels));
    assertThat(service.layers().expected).containsExactly(APP);
    assertThat(service.layers().prepared).hasSize(1);
  }

  @Test
  void prepare_ofReachableLayer_answersWhenTheLayerIsOnTheDisk() {
    prepareRemote("sha256:base", "", BASE);
    assertThat(service.layers().settled).isEqualTo(Set.copyOf(service.layers().prepared));
  }

  @Test
  void prepare_ofReachableLayer_makesNoDirectory() throws Exception {
    prepareRemote("sha256:base", "", BASE);
    assertThat(directories()).isEmpty();
    service.client().remove("sha256:base");
    assertThat(service.layers().open).isEmpty();
  }

  /// Until a layer can be read the metadata knows nothing of its snapshot.
  @Test
  void prepare_whileItsLayerIsPrepared_keepsKeyParentAndLayer() {
    prepareRemote("sha256:base", "", BASE);
    List<Code> answers = new ArrayList<>();
    service.layers().duringPrepare =
        () -> {
          service.layers().open.add(APP);
          for (Runnable call :
              List.<Runnable>of(
                  () -> service.client().prepare("extract sha256:app", "", Map.of()),
                  () ->
                      service
                          .client()
                          .prepare("extract sha256:app", "", labels("sha256:other", APP)),
                  () -> service.client().remove("sha256:base"),
                  () -> service.client().cleanup())) {
            answers.add(Statuses.codeOf(call));
          }
        };
    service.layers().reachable.remove(APP); // what stays is only what is kept from being let go of
    service.client().prepare("extract sha256:app", "sha256:base", labels("sha256:app", APP));
    assertThat(answers)
        .containsExactly(
            Code.ALREADY_EXISTS, Code.ALREADY_EXISTS, Code.FAILED_PRECONDITION, Code.OK);
    assertThat(service.layers().open).contains(APP);
    assertThat(service.client().stat("extract sha256:app").getParent()).isEqualTo("sha256:base");
  }

  @Test
  void prepare_overAParentThatIsNotThere_asksForNoLayer() {
    assertFails(
        Code.NOT_FOUND,
        () -> service.client().prepare("extract", "sha256:gone", labels("sha256:app", APP)));
    assertThat(service.layers().prepared).isEmpty();
  }

  @Test
  void prepare_ofUnreachableLayer_isAnOrdinarySnapshot() {
    service.layers().reachable.clear();
    List<Mount> mounts = service.client().prepare("extract", "", labels("sha256:base", BASE));
    assertThat(mounts.getFirst().type()).isEqualTo("bind");
    assertThat(service.client().stat("extract").getKind()).isEqualTo(Kind.ACTIVE);
    service.client().commit("default/1/sha256:base", "extract", labels("sha256:base", BASE));
    assertThat(service.client().view("v", "default/1/sha256:base").getFirst().type())
        .isEqualTo("bind");
  }

  @Test
  void prepare_withTargetButNoSource_isAnOrdinarySnapshot() {
    assertThat(service.client().prepare("extract", "", Map.of(RemoteLabels.TARGET, "sha256:base")))
        .hasSize(1);
    assertThat(service.layers().prepared).isEmpty();
  }

  @Test
  void prepare_ofUnreachableLayerOverRemote_mountsTheChainBelow() {
    prepareRemote("sha256:base", "", BASE);
    service.layers().reachable.remove(APP);
    List<Mount> mounts =
        service.client().prepare("extract", "sha256:base", labels("sha256:app", APP));
    assertThat(mounts.getFirst().options()).contains("metacopy=on");
    assertThat(service.layers().mounted).containsExactly(Chain.of(List.of(BASE)));
  }

  @Test
  void prepare_ofTargetThatStands_leavesOneSnapshot() throws Exception {
    prepareRemote("sha256:base", "", BASE);
    assertFails(
        Code.ALREADY_EXISTS,
        () -> service.client().prepare("other key", "", labels("sha256:base", BASE)));
    assertThat(service.client().list()).hasSize(1);
    assertThat(directories()).isEmpty();
  }

  @Test
  void prepare_ofTargetThatWasUnpacked_needsNoRegistry() throws Exception {
    service.layers().reachable.clear();
    service.client().prepare("extract", "", labels("sha256:base", BASE));
    service.client().commit("one/1/sha256:base", "extract", labels("sha256:base", BASE));
    service.layers().prepared.clear();
    prepareRemote("sha256:base", "", BASE);
    assertThat(service.layers().prepared).isEmpty();
    assertThat(service.client().list()).hasSize(1);
  }

  /// What an image says that its layers unpack to is its own word: another image that says the same
  /// is not given the first one's layer, in whatever namespace that came, but unpacked.
  @Test
  void prepare_ofTargetThatStandsForAnotherLayer_isAnOrdinarySnapshot() {
    prepareRemote("sha256:base", "", BASE);
    assertThat(
            service.client().prepare("extract", "", labels("sha256:base", APP)).getFirst().type())
        .isEqualTo("bind");
    assertThat(service.client().stat("extract").getKind()).isEqualTo(Kind.ACTIVE);
    assertThat(service.layers().prepared).hasSize(1);
    prepareRemote("sha256:base", "", BASE);
  }

  @Test
  void prepare_ofTargetThatAnotherLayerTookMeanwhile_isAnOrdinarySnapshot() {
    service.layers().duringPrepare =
        () -> {
          service.layers().duringPrepare = () -> {};
          prepareRemote("sha256:base", "", BASE);
        };
    assertThat(
            service.client().prepare("extract", "", labels("sha256:base", APP)).getFirst().type())
        .isEqualTo("bind");
    assertThat(service.client().list()).hasSize(2);
  }

  /// containerd takes the first one of a target's snapshots: the one that it has hashed itself.
  @Test
  void prepare_ofTargetThatStandsForAnotherLayerAndUnpacked_isTheUnpackedOne() {
    prepareRemote("sha256:base", "", BASE);
    service.client().prepare("extract", "", labels("sha256:base", APP));
    service.client().commit("two/1/sha256:base", "extract", labels("sha256:base", APP));
    for (Digest layer : List.of(BASE, APP)) {
      prepareRemote("sha256:base", "", layer);
      assertThat(
              service
                  .client()
                  .list("labels.\"containerd.io/snapshot.ref\"==sha256:base,parent==\"\""))
          .extracting(Info::getName)
          .containsExactly("two/1/sha256:base", "sha256:base");
    }
  }

  @Test
  void prepare_ofTargetOverAnotherParent_isASecondSnapshot() {
    prepareRemote("sha256:base", "", BASE);
    prepareRemote("sha256:app", "sha256:base", APP);
    Path fs = Path.of(service.client().prepare("extract", "").getFirst().source());
    service.client().commit("two/1/sha256:base", "extract");
    assertFails(
        Code.ALREADY_EXISTS,
        () -> service.client().prepare("k", "two/1/sha256:base", labels("sha256:app", APP)));
    List<Info> found =
        service
            .client()
            .list(
                "labels.\"containerd.io/snapshot.ref\"==sha256:app,parent==\"two/1/sha256:base\"");
    assertThat(found).hasSize(1);
    assertThat(service.client().view("v", found.getFirst().getName()).getFirst().options())
        .anyMatch(option -> option.startsWith("lowerdir="));
    assertThat(service.layers().mounted)
        .containsExactly(new Chain(List.of(APP), List.of(new Below.Unpacked(fs))));
  }

  @Test
  void prepare_ofTakenKey_isNotTheTarget() {
    service.client().prepare("k", "");
    assertFails(
        Code.ALREADY_EXISTS, () -> service.client().prepare("k", "", labels("sha256:base", BASE)));
    assertFails(Code.NOT_FOUND, () -> service.client().stat("sha256:base"));
  }

  @Test
  void prepare_overRemoteLayers_stacksOneChainAndTheDataLayers() throws Exception {
    prepareRemote("sha256:base", "", BASE);
    prepareRemote("sha256:app", "sha256:base", APP);
    Chain chain = Chain.of(List.of(BASE, APP));
    List<Mount> mounts = service.client().prepare("c", "sha256:app");
    assertThat(mounts.getFirst().options())
        .contains(
            "lowerdir=%s::%s/objects::%s/gate::%s/fresh"
                .formatted(service.layers().directory(chain), root, root, root));
    assertThat(service.client().mounts("c")).isEqualTo(mounts);
    assertThat(service.client().view("v", "sha256:app").getFirst().options())
        .startsWith("ro")
        .noneMatch(option -> option.startsWith("upperdir="));
  }

  /// containerd reads directories of `lowerdir` without the kernel where the last mount is an
  /// overlay, a bind mount or a template.
  @Test
  void mounts_overRemoteLayers_endWithOneThatOnlyTheKernelCanRead() {
    prepareRemote("sha256:base", "", BASE);
    assertThat(service.client().prepare("c", "sha256:base"))
        .extracting(Mount::type)
        .containsExactly("overlay", "none");
    assertThat(service.client().mounts("c").getLast().options()).doesNotContain("ro");
    assertThat(service.client().view("v", "sha256:base").getLast().options()).contains("ro");
    assertThat(service.client().prepare("d", "")).extracting(Mount::type).containsExactly("bind");
  }

  @Test
  void commit_overAnotherParent_isRefusedWithTheWayOut() {
    prepareRemote("sha256:base", "", BASE);
    service.client().prepare("c", "");
    assertThatThrownBy(() -> service.client().commit("d", "c", "sha256:base", Map.of()))
        .hasMessageContainingAll("INVALID_ARGUMENT", "take \"rebase\" out");
    service.client().prepare("e", "sha256:base");
    service.client().commit("f", "e", "sha256:base", Map.of());
    assertThat(service.client().stat("f").getParent()).isEqualTo("sha256:base");
  }

  @Test
  void prepare_overRemoteLayer_takesModeAndOwnerOfItsRoot() throws Exception {
    prepareRemote("sha256:base", "", BASE);
    Path chain = Files.createDirectories(service.layers().directory(Chain.of(List.of(BASE))));
    Files.setAttribute(chain, "unix:mode", 0555);
    List<Mount> mounts = service.client().prepare("c", "sha256:base");
    Path upper =
        mounts.getFirst().options().stream()
            .filter(option -> option.startsWith("upperdir="))
            .map(option -> Path.of(option.substring("upperdir=".length())))
            .findFirst()
            .orElseThrow();
    assertThat((int) Files.getAttribute(upper, "unix:mode") & 07777).isEqualTo(0555);
  }

  @Test
  void remove_ofLastUser_letsGoOfChainAndLayer() {
    prepareRemote("sha256:base", "", BASE);
    service.client().prepare("c", "sha256:base");
    assertThat(service.layers().mounted).hasSize(1);
    service.client().remove("c");
    assertThat(service.layers().mounted).isEmpty();
    assertThat(service.layers().open).containsExactly(BASE);
    service.client().remove("sha256:base");
    assertThat(service.layers().open).isEmpty();
  }

  @Test
  void commit_overRemote_isOrdinaryAndLetsGoOfTheChain() {
    prepareRemote("sha256:base", "", BASE);
    service.client().prepare("c", "sha256:base");
    service.client().commit("d", "c");
    assertThat(service.layers().mounted).isEmpty();
    assertThat(service.client().prepare("e", "d").getFirst().options())
        .anyMatch(option -> option.matches("lowerdir=.*/fs:.*::.*"));
  }

  @Test
  void commit_withRemoteLabel_isStillOrdinary() {
    service.client().prepare("a", "");
    service.client().commit("c", "a", Map.of(RemoteLabels.REMOTE, RemoteLabels.REMOTE_VALUE));
    assertThat(service.client().view("v", "c").getFirst().type()).isEqualTo("bind");
  }

  @Test
  void start_afterARestart_reopensWithoutTheNetwork() throws Exception {
    prepareRemote("sha256:base", "", BASE);
    List<Mount> before = service.client().prepare("c", "sha256:base");
    service.layers().reachable.clear();
    restart();
    assertThat(service.layers().open).containsExactly(BASE);
    assertThat(service.layers().prepared).isEmpty();
    assertThat(service.client().mounts("c")).isEqualTo(before);
  }

  @Test
  void start_whenALayerIsGoneFromTheDisk_preparesItWhenItIsNeeded() throws Exception {
    prepareRemote("sha256:base", "", BASE);
    prepareRemote("sha256:app", "", APP);
    service.client().prepare("c", "sha256:base");
    service.layers().onDisk.remove(BASE);
    service.layers().reachable.clear();
    restart();
    assertFails(Code.UNAVAILABLE, () -> service.client().mounts("c"));
    assertFails(Code.UNAVAILABLE, () -> service.client().prepare("d", "sha256:base"));
    assertFails(Code.NOT_FOUND, () -> service.client().stat("d"));
    assertThat(service.client().prepare("e", "sha256:app")).isNotEmpty();
    service.layers().reachable.add(BASE);
    assertThat(service.client().mounts("c")).isNotEmpty();
    assertThat(service.client().prepare("d", "sha256:base")).isNotEmpty();
  }
}
