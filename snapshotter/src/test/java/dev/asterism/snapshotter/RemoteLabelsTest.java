package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.layers.LayerRequest;
import dev.asterism.layers.LayerRequest.Verification;
import dev.asterism.layers.OutagePolicy;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

final class RemoteLabelsTest {
  private static final Digest LAYER = Digest.of(new byte[] {1});
  private static final Digest TOC = Digest.of(new byte[] {2});
  private static final Map<String, String> CRI =
      Map.of(
          "containerd.io/snapshot/cri.image-ref",
          "registry.example/app:1",
          "containerd.io/snapshot/cri.layer-digest",
          LAYER.toString());
  private static final Map<String, String> STARGZ =
      Map.of(
          "containerd.io/snapshot/remote/stargz.reference",
          "registry.example/other:1",
          "containerd.io/snapshot/remote/stargz.digest",
          LAYER.toString());

  private static Map<String, String> with(Map<String, String> labels, String key, String value) {
    Map<String, String> more = new HashMap<>(labels);
    more.put(key, value);
    return more;
  }

  private static LayerRequest request(Map<String, String> labels) throws SnapshotException {
    return RemoteLabels.request(labels, VerificationPolicy.REQUIRED);
  }

  @Test
  void request_withEitherVocabulary_namesImageAndLayer() throws Exception {
    assertThat(request(CRI))
        .isEqualTo(
            new LayerRequest(
                "registry.example/app:1", LAYER, Optional.empty(), Verification.REQUIRED));
    assertThat(request(STARGZ).image()).isEqualTo("registry.example/other:1");
  }

  @Test
  void request_withBothThatAgree_isThatLayer() throws Exception {
    Map<String, String> both = new HashMap<>(CRI);
    both.putAll(with(STARGZ, RemoteLabels.STARGZ_IMAGE, "registry.example/app:1"));
    assertThat(request(both)).isEqualTo(request(CRI));
  }

  /// One vocabulary is the puller's, the other may be an annotation of the image: neither a layer
  /// of another image nor another layer of this one is fetched on its word.
  @Test
  void request_withBothThatDiffer_isRefused() throws Exception {
    Map<String, String> other = new HashMap<>(STARGZ);
    other.putAll(CRI);
    assertThatThrownBy(() -> request(other))
        .hasMessageContainingAll(
            "two layers", "registry.example/app:1", "registry.example/other:1");
    Map<String, String> layer = new HashMap<>(CRI);
    layer.putAll(with(STARGZ, RemoteLabels.STARGZ_IMAGE, "registry.example/app:1"));
    layer.put(RemoteLabels.STARGZ_LAYER, TOC.toString());
    assertThatThrownBy(() -> request(layer)).hasMessageContaining("two layers");
    layer.put(RemoteLabels.CRI_LAYER, "sha512:00"); // no layer that is known here
    assertThat(request(layer).layer()).isEqualTo(TOC);
  }

  /// What containerd 2.4.2 gives for the second layer of three.
  @Test
  void request_ofTheTransferService_isRead() throws Exception {
    String above = "sha256:" + "3".repeat(64);
    Map<String, String> labels = new HashMap<>(CRI);
    labels.put("containerd.io/snapshot.ref", "sha256:" + "4".repeat(64));
    labels.put("containerd.io/snapshot/cri.image-layers", LAYER + "," + above);
    labels.put("containerd.io/snapshot/cri.manifest-digest", "sha256:" + "5".repeat(64));
    labels.put("containerd.io/snapshot/diff-id", "sha256:" + "6".repeat(64));
    labels.put("containerd.io/snapshot/parent-chain-id", "sha256:" + "7".repeat(64));
    labels.put(RemoteLabels.TOC_DIGEST, TOC.toString());
    assertThat(request(labels))
        .isEqualTo(
            new LayerRequest(
                "registry.example/app:1", LAYER, Optional.of(TOC), Verification.REQUIRED));
    assertThat(RemoteLabels.following(labels, LAYER)).containsExactly(Digest.parse(above));
    assertThat(RemoteLabels.isLast(labels, LAYER)).isFalse();
  }

  @Test
  void request_withTocDigest_pinsIt() throws Exception {
    assertThat(request(with(CRI, RemoteLabels.TOC_DIGEST, TOC.toString())).tocDigest())
        .contains(TOC);
  }

  @Test
  void request_withoutSourceOrWithBadDigest_isRefused() {
    assertThatThrownBy(() -> request(Map.of())).isInstanceOf(SnapshotException.class);
    assertThatThrownBy(() -> request(with(CRI, RemoteLabels.TOC_DIGEST, "sha256:short")))
        .isInstanceOf(SnapshotException.class)
        .hasMessageContaining("sha256:short");
  }

  @Test
  void request_withOutageLabel_saysHowLongReadsWait() throws Exception {
    assertThat(request(CRI).outages()).isEmpty();
    assertThat(request(with(CRI, RemoteLabels.OUTAGE, "wait")).outages())
        .contains(OutagePolicy.WAIT);
    assertThat(request(with(CRI, RemoteLabels.OUTAGE, "fail")).outages())
        .contains(OutagePolicy.FAIL);
    assertThat(request(with(CRI, RemoteLabels.OUTAGE, "90")).outages())
        .contains(new OutagePolicy(Duration.ofSeconds(90)));
    for (String nonsense : List.of("-1", "a minute", "9999999", "99999999999999999999")) {
      assertThat(request(with(CRI, RemoteLabels.OUTAGE, nonsense)).outages()).isEmpty();
    }
  }

  @Test
  void request_withWholeLabel_saysThatAllIsRead() throws Exception {
    assertThat(request(CRI).whole()).isFalse();
    assertThat(request(with(CRI, RemoteLabels.WHOLE, "true")).whole()).isTrue();
    for (String nonsense : List.of("", "TRUE", "1", "false")) {
      assertThat(request(with(CRI, RemoteLabels.WHOLE, nonsense)).whole()).isFalse();
    }
  }

  @Test
  void request_withSkipLabel_skipsOnlyWherePolicyAndManifestAllow() throws Exception {
    Map<String, String> skip = with(CRI, RemoteLabels.SKIP_VERIFY, "true");
    assertThat(request(skip).verification()).isEqualTo(Verification.REQUIRED);
    assertThat(RemoteLabels.request(skip, VerificationPolicy.LABEL_MAY_SKIP).verification())
        .isEqualTo(Verification.SKIPPED);
    assertThat(
            RemoteLabels.request(
                    with(skip, RemoteLabels.TOC_DIGEST, TOC.toString()),
                    VerificationPolicy.LABEL_MAY_SKIP)
                .verification())
        .isEqualTo(Verification.REQUIRED);
    assertThat(RemoteLabels.request(CRI, VerificationPolicy.LABEL_MAY_SKIP).verification())
        .isEqualTo(Verification.REQUIRED);
    assertThat(RemoteLabels.request(CRI, VerificationPolicy.DISABLED).verification())
        .isEqualTo(Verification.SKIPPED);
  }
}
