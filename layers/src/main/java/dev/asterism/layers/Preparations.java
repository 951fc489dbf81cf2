package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Optional;

/// What happens to a layer besides being read: it is prefetched, learned orders are replayed,
/// images of which a label says so are fetched whole, and what is missing comes in the background.
///
/// Nothing here fails a mount. Thread-safe.
final class Preparations implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(Preparations.class.getName());

  private final Path layers;
  private final Prefetch prefetch;
  private final Optional<BackgroundFetch> background;
  private final StartRecorder recorder;
  private final WholeImages whole;

  /// @param root of all; profiles are kept below
  /// @param layers the directory of all compiled layers
  Preparations(StartPolicy policy, Path root, Path layers, Fetching fetching, InstantSource clock) {
    Catalog catalog = fetching.catalog();
    this.layers = layers;
    this.recorder =
        new StartRecorder(policy.learned(), layers, catalog, ProfileStore.of(root), clock);
    fetching.listeners().add(recorder);
    this.whole = new WholeImages(catalog);
    this.prefetch = new Prefetch(policy.prefetch());
    this.background =
        policy.background().enabled()
            ? Optional.of(
                new BackgroundFetch(
                    policy.background(),
                    layer -> catalog.layer(layer.digest()).filter(layer::equals).isPresent(),
                    recorder::isStarting))
            : Optional.empty();
  }

  /// A layer of an image is asked for.
  void expected(LayerRequest request) {
    recorder.expected(request.image());
  }

  /// A layer is mounted for an image that was asked for.
  void prepared(LayerRequest request, LayerContent content) {
    LayerDirectory directory = LayerDirectory.of(layers, content.digest());
    try {
      prefetch.begin(content, PrefetchMark.read(directory.landmark()), request.prefetch());
    } catch (IOException e) {
      LOGGER.log(
          Level.WARNING, "no prefetch layer={0} cause=\"{1}\"", content.digest(), e.getMessage());
    }
    recorder.prepared(request, content);
    whole.prepared(request, content);
    background.ifPresent(fetch -> fetch.add(content, directory));
  }

  /// A layer is mounted again after a restart.
  void reopened(LayerRequest request, LayerContent content) {
    recorder.reopened(request);
    whole.prepared(request, content);
    background.ifPresent(fetch -> fetch.add(content, LayerDirectory.of(layers, content.digest())));
  }

  /// A container is about to be started over a chain. Waits for its prefetch as long as the
  /// configuration says.
  void mounted(Chain chain) {
    recorder.mounted(chain);
    whole.mounted(chain);
    prefetch.await(chain.layers());
  }

  /// Only these layers are mounted now.
  void retain(Collection<Digest> mounted) {
    prefetch.retain(mounted);
    recorder.retain(mounted);
    whole.retain(mounted);
  }

  /// Returns which image a layer was mounted for last.
  Optional<String> imageOf(Digest layer) {
    return recorder.imageOf(layer);
  }

  /// Returns the starts that were seen lately.
  Starts starts() {
    return recorder.starts();
  }

  @Override
  public void close() {
    recorder.close();
    background.ifPresent(BackgroundFetch::close);
  }
}
