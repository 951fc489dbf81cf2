package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// What an archive has for `docker load`: `manifest.json`, a list of images by the files of their
/// configs and layers (Docker Image Specification 1.2, "Combined Image JSON + Filesystem Changeset
/// Format"). docker's own store loads an archive by this list alone; whoever reads OCI layouts does
/// not look at it.
final class DockerLoadList {
  static final String FILE = "manifest.json";

  /// A name with a tag: in front of the tag, the host may have capitals and a port.
  private static final Pattern NAME =
      Pattern.compile(
          "([A-Za-z0-9.-]+(:[0-9]+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");

  private DockerLoadList() {}

  /// Returns the list of an image and of those of its index.
  ///
  /// @param manifests what the archive holds
  /// @param tag becomes the name under which docker shows the image, if it is a whole name and the
  ///   image one for one platform
  static byte[] of(Document root, Map<Digest, Document> manifests, Optional<String> tag)
      throws IOException {
    List<Document> images = new ArrayList<>();
    collect(root, manifests, new HashSet<>(), images);
    List<Json> names =
        tag.filter(name -> images.size() == 1 && NAME.matcher(name).matches()).stream()
            .<Json>map(Json.Str::new)
            .toList();
    List<String> entries = new ArrayList<>();
    for (Document image : images) {
      entries.add(new String(entry(image, names).bytes(), UTF_8));
    }
    return ("[" + String.join(",", entries) + "]").getBytes(UTF_8);
  }

  private static void collect(
      Document document, Map<Digest, Document> manifests, Set<Digest> seen, List<Document> images)
      throws IOException {
    if (!seen.add(document.digest())) {
      return;
    }
    if (!document.isIndex()) {
      if (isImage(document)) {
        images.add(document);
      }
      return;
    }
    for (Document.Child child : document.children()) {
      Optional<Document> held = Optional.ofNullable(manifests.get(child.descriptor().digest()));
      if (held.isPresent()) {
        collect(held.get(), manifests, seen, images);
      }
    }
  }

  /// Attestations look like images, but for their layers.
  private static boolean isImage(Document document) throws IOException {
    return document.children().stream()
            .filter(child -> child.role() == Document.Role.LAYER)
            .allMatch(child -> MediaTypes.isLayer(child.descriptor().mediaType()))
        && document.json().object("config").isPresent();
  }

  private static Json.Obj entry(Document image, List<Json> names) throws IOException {
    List<Json> layers = new ArrayList<>();
    String config = "";
    for (Document.Child child : image.children()) {
      String file = file(child.descriptor());
      if (child.role() == Document.Role.CONFIG) {
        config = file;
      } else {
        layers.add(new Json.Str(file));
      }
    }
    return Json.Obj.empty()
        .with("Config", config)
        .with("RepoTags", new Json.Arr(names))
        .with("Layers", new Json.Arr(layers));
  }

  private static String file(Descriptor blob) {
    return "blobs/sha256/" + blob.digest().hex();
  }
}
