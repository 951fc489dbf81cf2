package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.estargz.LayerStream;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// An image of an archive that `docker save` wrote: it lists layers by file, so their digests are
/// found by reading them once.
final class DockerArchiveSource implements ImageSource {
  private final ImageFiles files;
  private final Map<Digest, Blob> blobs = new LinkedHashMap<>();
  private final Document manifest;

  private DockerArchiveSource(ImageFiles files, Optional<String> tag) throws IOException {
    this.files = files;
    this.manifest = manifest(tag);
  }

  /// Opens one, and reads all of it.
  ///
  /// @param files closed with this, or when this throws
  /// @param tag `name:tag` as the archive has it; without one there must be only one image
  static DockerArchiveSource open(ImageFiles files, Optional<String> tag) throws IOException {
    try {
      return new DockerArchiveSource(files, tag);
    } catch (IOException e) {
      files.close();
      throw e;
    }
  }

  private Document manifest(Optional<String> tag) throws IOException {
    byte[] list = files.read(DockerLoadList.FILE);
    // The one document of an image that is a list.
    byte[] wrapped = ("{\"images\":" + new String(list, UTF_8) + "}").getBytes(UTF_8);
    List<Json.Obj> images =
        Json.parse(files + ": " + DockerLoadList.FILE, wrapped).objects("images").stream()
            .filter(image -> tag.isEmpty() || image.texts("RepoTags").contains(tag.get()))
            .toList();
    if (images.size() != 1) {
      throw new IOException(
          "%s has %d images%s"
              .formatted(files, images.size(), tag.map(t -> " of tag " + t).orElse("")));
    }
    Json.Obj image = images.getFirst();
    String config = image.text("Config").orElse("");
    List<Json> layers = new ArrayList<>();
    for (String layer : image.texts("Layers")) {
      layers.add(add(layer));
    }
    SequencedMap<String, Json> members = new LinkedHashMap<>();
    members.put("schemaVersion", new Json.Num("2"));
    members.put("mediaType", new Json.Str(MediaTypes.DOCKER_MANIFEST));
    members.put("config", add(config).with("mediaType", MediaTypes.DOCKER_CONFIG));
    members.put("layers", new Json.Arr(layers));
    return Document.of(MediaTypes.DOCKER_MANIFEST, new Json.Obj(members).bytes());
  }

  private Json.Obj add(String path) throws IOException {
    Blob blob =
        files.find(path).orElseThrow(() -> new IOException("%s: no %s".formatted(files, path)));
    Digest digest;
    try (VerifiedInput in = VerifiedInput.open(blob, _ -> {})) {
      digest = in.finish();
    }
    blobs.put(digest, blob);
    byte[] start = blob.size() < 4 ? new byte[4] : blob.read(new ByteRange(0, 4));
    String type =
        LayerStream.isCompressed(start)
            ? MediaTypes.DOCKER_LAYER + ".gzip"
            : MediaTypes.DOCKER_LAYER;
    return Json.Obj.empty()
        .with("mediaType", type)
        .with("size", new Json.Num(Long.toString(blob.size())))
        .with("digest", digest.toString());
  }

  @Override
  public Document root() {
    return manifest;
  }

  @Override
  public Document document(Descriptor wanted) throws IOException {
    throw new IOException("%s has no manifest %s".formatted(files, wanted.digest()));
  }

  @Override
  public Blob blob(Descriptor wanted) throws IOException {
    return Optional.ofNullable(blobs.get(wanted.digest()))
        .orElseThrow(() -> new IOException("%s: no blob %s".formatted(files, wanted.digest())));
  }

  @Override
  public void close() throws IOException {
    files.close();
  }
}
