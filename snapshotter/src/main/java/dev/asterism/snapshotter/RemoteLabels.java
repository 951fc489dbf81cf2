package dev.asterism.snapshotter;

import dev.asterism.content.Digest;
import dev.asterism.layers.LayerRequest;
import dev.asterism.layers.LayerRequest.Verification;
import dev.asterism.layers.OutagePolicy;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// The snapshot labels by which containerd and its clients say which layer they mean.
///
/// Two vocabularies: the one of containerd's CRI plugin (also of newer unpackers), and the one that
/// clients of the stargz snapshotter write.
final class RemoteLabels {
  /// Name that the committed snapshot must have: "do you have this already?".
  static final String TARGET = "containerd.io/snapshot.ref";

  /// Marks a committed snapshot whose content is remote.
  static final String REMOTE = "containerd.io/snapshot/remote";

  static final String REMOTE_VALUE = "remote snapshot";

  static final String TOC_DIGEST = "containerd.io/snapshot/stargz/toc.digest";
  static final String SKIP_VERIFY = "containerd.io/snapshot/remote/stargz.skipverify";

  /// How many compressed bytes of a layer without landmarks a start needs, as a decimal number.
  static final String PREFETCH = "containerd.io/snapshot/remote/stargz.prefetch";

  /// What a read does whose registry is away: `wait`, `fail`, or seconds.
  static final String OUTAGE = "containerd.io/snapshot/remote/asterism.outage";

  /// Says with `true` that all of the image is going to be read.
  static final String WHOLE = "containerd.io/snapshot/remote/asterism.whole";

  static final String CRI_IMAGE = "containerd.io/snapshot/cri.image-ref";
  static final String CRI_LAYER = "containerd.io/snapshot/cri.layer-digest";
  static final String STARGZ_IMAGE = "containerd.io/snapshot/remote/stargz.reference";
  static final String STARGZ_LAYER = "containerd.io/snapshot/remote/stargz.digest";

  /// Digests of an image's layers from the snapshot's own upwards, separated by commas; may be cut
  /// off at a label's largest size.
  static final String CRI_LAYERS = "containerd.io/snapshot/cri.image-layers";

  static final String STARGZ_LAYERS = "containerd.io/snapshot/remote/stargz.layers";

  private RemoteLabels() {}

  /// Returns the name that a Prepare asks for; empty if it does not ask.
  static Optional<String> target(Map<String, String> labels) {
    return Optional.ofNullable(labels.get(TARGET)).filter(name -> !name.isEmpty());
  }

  /// Returns the layer that `labels` name, in CRI's words or the stargz snapshotter's.
  ///
  /// containerd adds the annotations of an image to the labels of who pulls it, so that one
  /// vocabulary may be the image's: where they do not agree, neither is believed.
  ///
  /// @throws SnapshotException if they name none or two, or pin what is not a digest:
  ///   INVALID_ARGUMENT
  static LayerRequest request(Map<String, String> labels, VerificationPolicy policy)
      throws SnapshotException {
    Optional<Digest> toc = tocDigest(labels);
    Verification verification = verification(labels, toc, policy);
    Optional<LayerRequest> cri = find(labels, CRI_IMAGE, CRI_LAYER, toc, verification);
    Optional<LayerRequest> stargz = find(labels, STARGZ_IMAGE, STARGZ_LAYER, toc, verification);
    if (cri.isPresent() && stargz.isPresent() && !cri.equals(stargz)) {
      throw SnapshotException.invalidArgument(
          "labels name two layers: %s %s (%s) and %s %s (%s)"
              .formatted(
                  cri.get().image(),
                  cri.get().layer(),
                  CRI_IMAGE,
                  stargz.get().image(),
                  stargz.get().layer(),
                  STARGZ_IMAGE));
    }
    return cri.or(() -> stargz)
        .orElseThrow(() ->
            SnapshotException.invalidArgument(
                "no labels name image and layer (%s, %s or %s, %s)"
                    .formatted(CRI_IMAGE, CRI_LAYER, STARGZ_IMAGE, STARGZ_LAYER)));
  }

  private static Optional<LayerRequest> find(
      Map<String, String> labels,
      String imageLabel,
      String layerLabel,
      Optional<Digest> toc,
      Verification verification) {
    String image = labels.getOrDefault(imageLabel, "");
    if (image.isEmpty()) {
      return Optional.empty();
    }
    return Digest.find(labels.getOrDefault(layerLabel, ""))
        .map(layer ->
            new LayerRequest(image, layer, toc, verification)
                .withPrefetch(prefetch(labels))
                .withOutages(outages(labels))
                .withWhole(isWhole(labels)));
  }

  /// Returns the layers of the image above the one that `labels` name, the next one first; what is
  /// no digest is left out.
  static List<Digest> following(Map<String, String> labels, Digest layer) {
    List<Digest> layers = listed(labels);
    return layers.subList(layers.indexOf(layer) + 1, layers.size());
  }

  /// Tells whether `labels` say that a layer is the uppermost of its image. They say nothing where
  /// they list no layers, or not all.
  static boolean isLast(Map<String, String> labels, Digest layer) {
    return listed(labels).equals(List.of(layer));
  }

  private static List<Digest> listed(Map<String, String> labels) {
    String text = labels.getOrDefault(CRI_LAYERS, labels.getOrDefault(STARGZ_LAYERS, ""));
    return Arrays.stream(text.split(",", -1)).map(Digest::find).flatMap(Optional::stream).toList();
  }

  /// As in the stargz snapshotter, what is no number says nothing.
  private static OptionalLong prefetch(Map<String, String> labels) {
    String text = labels.getOrDefault(PREFETCH, "");
    return text.matches("[0-9]{1,18}")
        ? OptionalLong.of(Long.parseLong(text))
        : OptionalLong.empty();
  }

  /// What is none of the words says nothing.
  static Optional<OutagePolicy> outages(Map<String, String> labels) {
    return OutagePolicy.parse(labels.getOrDefault(OUTAGE, ""));
  }

  /// Tells whether all of the image is going to be read; what is not `true` says nothing.
  static boolean isWhole(Map<String, String> labels) {
    return labels.getOrDefault(WHOLE, "").equals("true");
  }

  private static Optional<Digest> tocDigest(Map<String, String> labels) throws SnapshotException {
    String text = labels.getOrDefault(TOC_DIGEST, "");
    Optional<Digest> toc = Digest.find(text);
    if (toc.isEmpty() && !text.isEmpty()) {
      throw SnapshotException.invalidArgument(
          "label %s is not a SHA-256 digest: %s".formatted(TOC_DIGEST, text));
    }
    return toc;
  }

  private static Verification verification(
      Map<String, String> labels, Optional<Digest> toc, VerificationPolicy policy) {
    return switch (policy) {
      case REQUIRED -> Verification.REQUIRED;
      case LABEL_MAY_SKIP ->
          toc.isEmpty() && labels.containsKey(SKIP_VERIFY)
              ? Verification.SKIPPED
              : Verification.REQUIRED;
      case DISABLED -> Verification.SKIPPED;
    };
  }
}
