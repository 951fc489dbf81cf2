package dev.asterism.images;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/// Brings an image from a source to a sink: its blobs side by side, then its manifests, its name
/// last. With a [LayerChange] its layers become others on the way, and what names them changes with
/// them; all else stays as it is. Used once.
public final class ImageTransfer {
  private static final int MAX_DEPTH = 4; // of indexes within indexes
  private static final int MAX_LAYERS = 1024;

  /// Ties an attestation to the image it is about (BuildKit, "Image attestation storage").
  private static final String ATTESTED = "vnd.docker.reference.digest";

  private final ImageSource source;
  private final ImageSink sink;
  private final TransferOptions options;
  private final Optional<LayerChange> converter;
  private final TransferListener listener;
  private final Map<Digest, FutureTask<LayerChange.Placed>> layers = new ConcurrentHashMap<>();
  private volatile boolean failed;

  private ImageTransfer(
      ImageSource source,
      ImageSink sink,
      TransferOptions options,
      Optional<LayerChange> converter,
      TransferListener listener) {
    this.source = source;
    this.sink = sink;
    this.options = options;
    this.converter = converter;
    this.listener = listener;
  }

  /// Copies an image.
  ///
  /// @return what the sink knows under the image's name
  /// @throws IOException if the source lacks something or is corrupt, or the sink can't take it;
  ///   the sink has no such name then
  public static Descriptor copy(
      ImageSource source, ImageSink sink, TransferOptions options, TransferListener listener)
      throws IOException {
    return new ImageTransfer(source, sink, options, Optional.empty(), listener).run();
  }

  /// Copies an image and converts its layers.
  static Descriptor convert(
      ImageSource source,
      ImageSink sink,
      TransferOptions options,
      LayerChange converter,
      TransferListener listener)
      throws IOException {
    return new ImageTransfer(source, sink, options, Optional.of(converter), listener).run();
  }

  private Descriptor run() throws IOException {
    Optional<Document> tocs = converter.isPresent() ? Optional.empty() : TocImage.of(source);
    boolean besides = tocs.isPresent() || converter.map(LayerChange::hasTocsBeside).orElse(false);
    if (besides && !sink.hasTag()) {
      throw new IOException("external TOCs are found by the image's tag: give the destination one");
    }
    try (ExecutorService side = Executors.newFixedThreadPool(options.blobsAtOnce())) {
      try {
        Document root = transfer(source.root(), side, 0);
        beside(tocs, side);
        sink.name(root);
        return root.descriptor();
      } catch (IOException | RuntimeException e) {
        failed = true; // what runs beside it ends at its next step
        throw e;
      }
    }
  }

  /// What lies beside the image: the TOCs of its layers, those that were made or those that were
  /// there.
  private void beside(Optional<Document> tocs, ExecutorService side) throws IOException {
    if (converter.isPresent()) {
      Map<Digest, Descriptor> made = new HashMap<>();
      for (FutureTask<LayerChange.Placed> each : layers.values()) {
        ConvertedLayer layer = await(each, "a layer").layer();
        layer.toc().ifPresent(toc -> made.put(layer.digest(), toc));
      }
      if (!made.isEmpty()) {
        TocImage.put(made, source, sink);
      }
      return;
    }
    if (tocs.isPresent()) {
      TocImage.place(transfer(tocs.get(), side, 0), sink);
    }
  }

  private Document transfer(Document document, ExecutorService side, int depth) throws IOException {
    if (depth > MAX_DEPTH) {
      throw new IOException("indexes within indexes without end");
    }
    return document.isIndex() ? index(document, side, depth) : manifest(document, side);
  }

  private Document index(Document index, ExecutorService side, int depth) throws IOException {
    Json.Obj json = index.json();
    List<Json.Obj> entries = new ArrayList<>();
    List<Document> documents = new ArrayList<>();
    Map<String, String> renamed = new HashMap<>();
    for (Json.Obj entry : json.objects("manifests")) {
      if (options.platforms().includes(PlatformImage.platform(entry))) {
        Descriptor before = Document.descriptor(entry);
        Document after = transfer(source.document(before), side, depth + 1);
        renamed.put(before.digest().toString(), after.digest().toString());
        documents.add(after);
        entries.add(
            entry
                .with("mediaType", after.mediaType())
                .with("digest", after.digest().toString())
                .with("size", new Json.Num(Integer.toString(after.bytes().length))));
      }
    }
    if (documents.isEmpty()) {
      throw new IOException("no image for " + options.platforms());
    }
    if (documents.size() == 1 && options.platforms() instanceof Platforms.Of) {
      return documents.getFirst();
    }
    for (Document each : documents) {
      sink.put(each);
    }
    List<Json> kept = entries.stream().<Json>map(entry -> renamed(entry, renamed)).toList();
    if (kept.equals(json.list("manifests")) && !options.oci()) {
      return index;
    }
    String type = options.oci() ? MediaTypes.oci(index.mediaType()) : index.mediaType();
    return Document.of(type, typed(json, type).with("manifests", new Json.Arr(kept)).bytes());
  }

  private static Json.Obj renamed(Json.Obj entry, Map<String, String> names) {
    Optional<Json.Obj> annotations = entry.object("annotations");
    Optional<String> about = annotations.flatMap(a -> a.text(ATTESTED));
    return about.isPresent() && names.containsKey(about.get())
        ? entry.with(
            "annotations", annotations.get().with(ATTESTED, names.getOrDefault(about.get(), "")))
        : entry;
  }

  private static Json.Obj typed(Json.Obj json, String type) {
    return json.members().containsKey("mediaType") || MediaTypes.oci(type).equals(type)
        ? json.with("mediaType", type)
        : json;
  }

  private Document manifest(Document manifest, ExecutorService side) throws IOException {
    Json.Obj json = manifest.json();
    List<Json.Obj> before = json.objects("layers");
    if (before.size() > MAX_LAYERS) {
      throw new IOException("an image of %d layers".formatted(before.size()));
    }
    Json.Obj config =
        json.object("config").orElseThrow(() -> new IOException("an image without a config"));
    List<Descriptor> descriptors = new ArrayList<>();
    for (Json.Obj layer : before) {
      descriptors.add(Document.descriptor(layer));
    }
    boolean convert =
        converter.isPresent()
            && descriptors.stream().anyMatch(d -> MediaTypes.isLayer(d.mediaType()));
    if (!convert) {
      return copied(manifest, json, Document.descriptor(config), descriptors, side);
    }
    byte[] configBytes = config(Document.descriptor(config));
    ImageConfig image = ImageConfig.parse(configBytes);
    if (image.diffIds().size() != before.size()) {
      throw new IOException(
          "the image's config lists %d layers, its manifest %d"
              .formatted(image.diffIds().size(), before.size()));
    }
    List<Future<LayerChange.Placed>> futures = new ArrayList<>();
    for (int i = 0; i < before.size(); i++) {
      futures.add(submit(descriptors.get(i), image.diffIds().get(i), side));
    }
    List<Json> after = new ArrayList<>();
    List<Digest> diffIds = new ArrayList<>();
    for (int i = 0; i < before.size(); i++) {
      String what =
          "layer %d of %d, %s".formatted(i + 1, before.size(), descriptors.get(i).digest());
      ConvertedLayer made = await(futures.get(i), what).layer();
      sink.unpacksTo(made.digest(), made.diffId());
      after.add(rewritten(before.get(i), made));
      diffIds.add(made.diffId());
    }
    byte[] newConfig = image.withDiffIds(diffIds).bytes();
    return finished(manifest, json, config, newConfig, after);
  }

  private Document copied(
      Document manifest,
      Json.Obj json,
      Descriptor config,
      List<Descriptor> blobs,
      ExecutorService side)
      throws IOException {
    List<Future<LayerChange.Placed>> futures = new ArrayList<>();
    List<Descriptor> all = new ArrayList<>(blobs);
    all.add(config);
    for (Descriptor blob : all) {
      futures.add(submitCopy(blob, side));
    }
    for (int i = 0; i < all.size(); i++) {
      await(
          futures.get(i),
          "blob %s of manifest %s".formatted(all.get(i).digest(), manifest.digest()));
    }
    describe(config, blobs);
    if (!options.oci() || MediaTypes.oci(manifest.mediaType()).equals(manifest.mediaType())) {
      return manifest;
    }
    List<Json> layers = json.objects("layers").stream().<Json>map(ImageTransfer::toOci).toList();
    String type = MediaTypes.oci(manifest.mediaType());
    return Document.of(
        type,
        json.with("mediaType", type)
            .with("config", toOci(json.object("config").orElseThrow()))
            .with("layers", new Json.Arr(layers))
            .bytes());
  }

  /// Tells the sink what the layers of an image unpack to, where its config says so.
  private void describe(Descriptor config, List<Descriptor> blobs) throws IOException {
    boolean isImage =
        !blobs.isEmpty() && blobs.stream().allMatch(blob -> MediaTypes.isLayer(blob.mediaType()));
    if (!isImage || !sink.wantsDiffIds()) {
      return;
    }
    List<Digest> diffIds = ImageConfig.parse(config(config)).diffIds();
    for (int i = 0; i < blobs.size() && diffIds.size() == blobs.size(); i++) {
      sink.unpacksTo(blobs.get(i).digest(), diffIds.get(i));
    }
  }

  private Document finished(
      Document manifest, Json.Obj json, Json.Obj config, byte[] newConfig, List<Json> layers)
      throws IOException {
    Descriptor blob =
        new Descriptor(
            config.text("mediaType").orElse(MediaTypes.OCI_CONFIG),
            Digest.of(newConfig),
            newConfig.length,
            Map.of());
    if (!sink.has(blob, source)) {
      sink.put(blob, new BytesBlob(newConfig), _ -> {});
    }
    Json.Obj after =
        config
            .with("digest", blob.digest().toString())
            .with("size", new Json.Num(Integer.toString(newConfig.length)));
    String type = options.oci() ? MediaTypes.oci(manifest.mediaType()) : manifest.mediaType();
    return Document.of(
        type,
        typed(json, type)
            .with("config", options.oci() ? toOci(after) : after)
            .with("layers", new Json.Arr(layers))
            .bytes());
  }

  private Json.Obj rewritten(Json.Obj layer, ConvertedLayer made) {
    Json.Obj annotations = layer.object("annotations").orElse(Json.Obj.empty());
    for (String name : List.copyOf(annotations.members().keySet())) {
      boolean ofTheOldBlob =
          name.startsWith("containerd.io/snapshot/stargz/")
              || name.startsWith("io.containers.")
              || name.startsWith("io.github.containers.zstd-chunked.");
      annotations = ofTheOldBlob ? annotations.without(name) : annotations;
    }
    for (Map.Entry<String, String> each : new TreeMap<>(made.annotations()).entrySet()) {
      annotations = annotations.with(each.getKey(), each.getValue());
    }
    Json.Obj changed =
        layer
            .with("mediaType", made.mediaType())
            .with("digest", made.digest().toString())
            .with("size", new Json.Num(Long.toString(made.size())));
    Json.Obj whole =
        annotations.members().isEmpty()
            ? changed.without("annotations")
            : changed.with("annotations", annotations);
    return options.oci() ? toOci(whole) : whole;
  }

  private static Json.Obj toOci(Json.Obj descriptor) {
    return descriptor.with("mediaType", MediaTypes.oci(descriptor.text("mediaType").orElse("")));
  }

  private byte[] config(Descriptor config) throws IOException {
    if (config.size() > Document.MAX_SIZE) {
      throw new IOException("the image's config has %d bytes".formatted(config.size()));
    }
    byte[] bytes = source.blob(config).read(new ByteRange(0, config.size()));
    return Document.verified(config, bytes).bytes();
  }

  private Future<LayerChange.Placed> submit(Descriptor layer, Digest diffId, ExecutorService side) {
    if (!MediaTypes.isLayer(layer.mediaType())) {
      return submitCopy(layer, diffId, side);
    }
    FutureTask<LayerChange.Placed> mine = new FutureTask<>(() -> convert(layer, diffId));
    FutureTask<LayerChange.Placed> theirs = layers.putIfAbsent(layer.digest(), mine);
    if (theirs != null) {
      return theirs;
    }
    side.execute(mine);
    return mine;
  }

  private LayerChange.Placed convert(Descriptor layer, Digest diffId) throws IOException {
    LayerChange.Progress progress =
        new LayerChange.Progress(
            bytes -> progressed(layer, TransferListener.Step.CONVERT, bytes),
            bytes -> progressed(layer, TransferListener.Step.WRITE, bytes),
            text -> listener.remarked(layer, text));
    LayerChange.Placed placed =
        converter.orElseThrow().convert(layer, diffId, source, sink, progress);
    listener.finished(layer, placed.layer().descriptor(), placed.outcome());
    return placed;
  }

  private Future<LayerChange.Placed> submitCopy(Descriptor blob, ExecutorService side) {
    return submitCopy(blob, blob.digest(), side);
  }

  private Future<LayerChange.Placed> submitCopy(
      Descriptor blob, Digest diffId, ExecutorService side) {
    FutureTask<LayerChange.Placed> mine = new FutureTask<>(() -> copy(blob, diffId));
    FutureTask<LayerChange.Placed> theirs = layers.putIfAbsent(blob.digest(), mine);
    if (theirs != null) {
      return theirs;
    }
    side.execute(mine);
    return mine;
  }

  private LayerChange.Placed copy(Descriptor blob, Digest diffId) throws IOException {
    TransferListener.Outcome outcome =
        LayerChange.copy(
            blob, source, sink, bytes -> progressed(blob, TransferListener.Step.WRITE, bytes));
    listener.finished(blob, blob, outcome);
    return new LayerChange.Placed(ConvertedLayer.unchanged(blob, diffId), outcome);
  }

  private void progressed(Descriptor blob, TransferListener.Step step, long bytes) {
    if (failed) {
      throw new CancellationException("another blob failed");
    }
    listener.progressed(blob, step, bytes);
  }

  private static <T> T await(Future<T> future, String what) throws IOException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case IOException cause -> throw new IOException(what + ": " + cause.getMessage(), cause);
        case RuntimeException cause -> throw cause;
        case null, default -> throw new IllegalStateException(what, e.getCause());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (InterruptedIOException) new InterruptedIOException(what).initCause(e);
    }
  }
}
