package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.layers.Chain;
import dev.asterism.layers.Chain.Below;
import dev.asterism.snapshotter.MountPlan.Lower;
import dev.asterism.snapshotter.MountPlan.Parent;
import dev.asterism.snapshotter.MountPlan.Top;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

final class MountPlanTest {
  private static final Digest A = Digest.of(new byte[] {1});
  private static final Digest B = Digest.of(new byte[] {2});
  private static final Digest C = Digest.of(new byte[] {3});
  private static final Top VIEW = new Top.ReadOnly();
  private static final Top ACTIVE = new Top.Writable(Path.of("/s/9/fs"), Path.of("/s/9/work"));
  private static final Path OWN = Path.of("/s/9/fs");
  private static final List<Path> DATA = paths("/c/objects", "/c/gate", "/c/fresh");

  private static List<Path> paths(String... paths) {
    return List.of(paths).stream().map(Path::of).toList();
  }

  private static Parent remote(Digest layer) {
    return new Parent.Remote(layer);
  }

  private static Parent ordinary(String fs) {
    return new Parent.Ordinary(Path.of(fs));
  }

  private static Lower merged(Digest... lowestFirst) {
    return new Lower.Merged(Chain.of(List.of(lowestFirst)));
  }

  @Test
  void lowers_ofNothing_areNone() {
    assertThat(MountPlan.lowers(List.of())).isEmpty();
  }

  @Test
  void lowers_ofRemoteLayers_areOneChainLowestFirst() {
    assertThat(MountPlan.lowers(List.of(remote(C), remote(B), remote(A))))
        .containsExactly(merged(A, B, C));
  }

  @Test
  void lowers_ofOrdinaryLayers_areThemselves() {
    assertThat(MountPlan.lowers(List.of(ordinary("/s/2/fs"), ordinary("/s/1/fs"))))
        .containsExactly(
            new Lower.Directory(Path.of("/s/2/fs")), new Lower.Directory(Path.of("/s/1/fs")));
  }

  @Test
  void lowers_ofMixedLayers_areRunsThatKnowWhatIsBelow() {
    assertThat(
            MountPlan.lowers(
                List.of(ordinary("/s/4/fs"), remote(C), ordinary("/s/2/fs"), remote(B), remote(A))))
        .containsExactly(
            new Lower.Directory(Path.of("/s/4/fs")),
            new Lower.Merged(
                new Chain(
                    List.of(C),
                    List.of(
                        new Below.Unpacked(Path.of("/s/2/fs")),
                        new Below.Merged(Chain.of(List.of(A, B)).id())))),
            new Lower.Directory(Path.of("/s/2/fs")),
            merged(A, B));
  }

  @Test
  void ordinary_activeOverNothing_isItsDirectory() {
    assertThat(MountPlan.ordinary(ACTIVE, OWN, List.of(), List.of("index=off")))
        .isEqualTo(new Mount("bind", "/s/9/fs", List.of("rw", "rbind")));
  }

  @Test
  void ordinary_viewOfOneOrNothing_isThatDirectory() {
    assertThat(MountPlan.ordinary(VIEW, OWN, List.of(), List.of()))
        .isEqualTo(new Mount("bind", "/s/9/fs", List.of("ro", "rbind")));
    assertThat(MountPlan.ordinary(VIEW, OWN, paths("/s/1/fs"), List.of()))
        .isEqualTo(new Mount("bind", "/s/1/fs", List.of("ro", "rbind")));
  }

  @Test
  void ordinary_overSeveral_isOverlayAsContainerdsOwn() {
    assertThat(MountPlan.ordinary(ACTIVE, OWN, paths("/s/2/fs", "/s/1/fs"), List.of("index=off")))
        .isEqualTo(
            new Mount(
                "overlay",
                "overlay",
                List.of(
                    "index=off",
                    "workdir=/s/9/work",
                    "upperdir=/s/9/fs",
                    "lowerdir=/s/2/fs:/s/1/fs")));
    assertThat(MountPlan.ordinary(VIEW, OWN, paths("/s/2/fs", "/s/1/fs"), List.of()))
        .isEqualTo(new Mount("overlay", "overlay", List.of("lowerdir=/s/2/fs:/s/1/fs")));
  }

  @Test
  void lazy_active_hasDataLayersAndMetacopy() throws Exception {
    assertThat(MountPlan.lazy(ACTIVE, paths("/s/2/fs", "/m/x"), DATA, List.of("index=off")))
        .isEqualTo(
            new Mount(
                "overlay",
                "overlay",
                List.of(
                    "index=off",
                    "workdir=/s/9/work",
                    "upperdir=/s/9/fs",
                    "lowerdir=/s/2/fs:/m/x::/c/objects::/c/gate::/c/fresh",
                    "metacopy=on")));
  }

  @Test
  void lazy_viewOfOneChain_isReadOnlyOverlay() throws Exception {
    assertThat(MountPlan.lazy(VIEW, paths("/m/x"), DATA, List.of()))
        .isEqualTo(
            new Mount(
                "overlay",
                "overlay",
                List.of("ro", "lowerdir=/m/x::/c/objects::/c/gate::/c/fresh", "metacopy=on")));
  }

  @Test
  void lazy_withMoreThanThePageHolds_saysSo() throws Exception {
    Path lower = Path.of("/" + "x".repeat(99));
    assertThat(MountPlan.lazy(VIEW, Collections.nCopies(39, lower), DATA, List.of())).isNotNull();
    assertThatThrownBy(() -> MountPlan.lazy(VIEW, Collections.nCopies(41, lower), DATA, List.of()))
        .isInstanceOfSatisfying(
            SnapshotException.class,
            e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.FAILED_PRECONDITION))
        .hasMessageContaining("41 lower directories")
        .hasMessageContaining("4095 bytes");
  }
}
