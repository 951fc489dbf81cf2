package dev.asterism.cli.cache;

import dev.asterism.cache.CleanOptions;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.cache.Pin;
import dev.asterism.cache.StoreProgress;
import dev.asterism.cache.VerifyOptions;
import dev.asterism.content.Digest;
import dev.asterism.snapshotter.ImageLayers;
import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;

/// Tends a store in this process: the daemon its own, a command one that no daemon has. Thread-safe
/// as the store is.
public final class LocalTending implements Tending {
  private final Path root;
  private final DirectoryCache store;
  private final InstantSource clock;

  /// @param root the daemon's root, where the images' names are
  /// @param store the cache below it, open
  public LocalTending(Path root, DirectoryCache store, InstantSource clock) {
    this.root = root;
    this.store = store;
    this.clock = clock;
  }

  @Override
  public String clean(CleanOptions options, StoreProgress progress) throws IOException {
    var report = store.clean(options, progress);
    return ContentJson.line(json -> ReportJson.clean(json, report));
  }

  @Override
  public String verify(VerifyOptions options, StoreProgress progress) throws IOException {
    var report = store.verify(options, progress);
    return ContentJson.line(json -> ReportJson.verify(json, report));
  }

  @Override
  public void pin(String image) throws IOException {
    List<Digest> layers =
        ImageLayers.read(root).stream()
            .filter(known -> known.image().equals(image))
            .map(ImageLayers::layers)
            .findFirst()
            .orElseThrow(() ->
                new IOException(
                    "no image %s in %s: 'asterism cache ls' lists them".formatted(image, root)));
    store.pin(new Pin(image, layers, clock.instant()));
  }

  @Override
  public void unpin(String image) throws IOException {
    if (!store.unpin(image)) {
      throw new IOException("image %s is not pinned".formatted(image));
    }
  }

  @Override
  public String pins() {
    return ContentJson.line(json -> {
      json.writeStartObject();
      ReportJson.pins(json, store.pins());
      json.writeEndObject();
    });
  }
}
