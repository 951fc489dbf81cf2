package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.github.luben.zstd.Zstd;
import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import dev.asterism.testkit.layer.Layer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// An OCI layout that a test fills and looks into.
final class Layout {
  private final Path folder;
  private final Map<String, Digest> diffIds = new HashMap<>();

  Layout(Path folder) throws IOException {
    this.folder = folder;
    Files.createDirectories(folder.resolve("blobs/sha256"));
  }

  /// Opens an image as the product does.
  ImageSource open(String tag) {
    return new LayoutSource(new FolderFiles(folder), Optional.of(tag));
  }

  Json.Obj gzip(Layer layer) throws IOException {
    return layer(MediaTypes.OCI_LAYER + "+gzip", layer.tarGz(), Digest.of(layer.tar()));
  }

  Json.Obj plain(Layer layer) throws IOException {
    return layer(MediaTypes.OCI_LAYER, layer.tar(), Digest.of(layer.tar()));
  }

  Json.Obj zstd(Layer layer) throws IOException {
    return layer(
        MediaTypes.OCI_LAYER + "+zstd", Zstd.compress(layer.tar()), Digest.of(layer.tar()));
  }

  /// Adds a blob and returns its descriptor.
  Json.Obj layer(String mediaType, byte[] blob, Digest diffId) throws IOException {
    Json.Obj descriptor = add(mediaType, blob);
    diffIds.put(descriptor.text("digest").orElseThrow(), diffId);
    return descriptor;
  }

  private Json.Obj add(String mediaType, byte[] bytes) throws IOException {
    Digest digest = Digest.of(bytes);
    Files.write(folder.resolve("blobs/sha256").resolve(digest.hex()), bytes);
    return Json.Obj.empty()
        .with("mediaType", mediaType)
        .with("digest", digest.toString())
        .with("size", new Json.Num(Integer.toString(bytes.length)));
  }

  Document image(String architecture, Json.Obj... layers) throws IOException {
    return image(MediaTypes.OCI_MANIFEST, MediaTypes.OCI_CONFIG, architecture, layers);
  }

  Document dockerImage(Json.Obj layer) throws IOException {
    String type = MediaTypes.DOCKER_LAYER + ".gzip";
    return image(
        MediaTypes.DOCKER_MANIFEST,
        MediaTypes.DOCKER_CONFIG,
        "amd64",
        layer.with("mediaType", type));
  }

  private Document image(String type, String configType, String architecture, Json.Obj... layers)
      throws IOException {
    List<Json> ids = new ArrayList<>();
    List<Json> history = new ArrayList<>();
    for (Json.Obj layer : layers) {
      ids.add(
          new Json.Str(
              Objects.requireNonNull(diffIds.get(layer.text("digest").orElseThrow())).toString()));
      history.add(Json.Obj.empty().with("created_by", "test"));
    }
    Json.Obj config =
        Json.Obj.empty()
            .with("architecture", architecture)
            .with("os", "linux")
            .with(
                "rootfs",
                Json.Obj.empty().with("type", "layers").with("diff_ids", new Json.Arr(ids)))
            .with("history", new Json.Arr(history));
    Json.Obj manifest =
        Json.Obj.empty()
            .with("schemaVersion", new Json.Num("2"))
            .with("mediaType", type)
            .with("config", add(configType, config.bytes()))
            .with("layers", new Json.Arr(List.of(layers)));
    Document document = Document.of(type, manifest.bytes());
    add(type, document.bytes());
    return document;
  }

  Document index(Document... images) throws IOException {
    List<Json> entries = new ArrayList<>();
    for (Document image : images) {
      Json.Obj config = Json.parse("config", blob(image.json().object("config").orElseThrow()));
      entries.add(
          add(image.mediaType(), image.bytes())
              .with(
                  "platform",
                  Json.Obj.empty()
                      .with("os", "linux")
                      .with("architecture", config.text("architecture").orElseThrow())));
    }
    Json.Obj index =
        Json.Obj.empty()
            .with("schemaVersion", new Json.Num("2"))
            .with("mediaType", MediaTypes.OCI_INDEX)
            .with("manifests", new Json.Arr(entries));
    Document document = Document.of(MediaTypes.OCI_INDEX, index.bytes());
    add(document.mediaType(), document.bytes());
    return document;
  }

  void tag(String tag, Document root) throws IOException {
    Json.Obj entry =
        add(root.mediaType(), root.bytes())
            .with("annotations", Json.Obj.empty().with(LayoutSource.NAME, tag));
    Json.Obj index =
        Json.Obj.empty()
            .with("schemaVersion", new Json.Num("2"))
            .with("manifests", new Json.Arr(List.of(entry)));
    Files.write(folder.resolve("index.json"), index.bytes());
    Files.write(folder.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}".getBytes(UTF_8));
  }

  Path path(Json.Obj descriptor) {
    String digest = descriptor.text("digest").orElseThrow();
    return folder.resolve("blobs/sha256").resolve(digest.substring("sha256:".length()));
  }

  byte[] blob(Json.Obj descriptor) throws IOException {
    byte[] bytes = Files.readAllBytes(path(descriptor));
    if (!Digest.of(bytes).toString().equals(descriptor.text("digest").orElseThrow())) {
      throw new IOException("not what it should be: " + descriptor);
    }
    return bytes;
  }

  Document document(Descriptor descriptor) throws IOException {
    byte[] bytes =
        Files.readAllBytes(folder.resolve("blobs/sha256").resolve(descriptor.digest().hex()));
    return Document.verified(descriptor, bytes);
  }
}
