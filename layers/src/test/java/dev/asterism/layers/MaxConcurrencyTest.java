package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.link.LinkShape;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What `max_concurrency` does: how much the background asks a registry for at once.
@Tag("kernel")
@Timeout(300)
final class MaxConcurrencyTest {
  private static final long SLICE = 4 << 20; // 4 MiB, as BackgroundFetch takes at a time
  private static final int FILES = 24; // of 1 MiB

  /// Far enough for what is asked for at a time to be on its way together; carries less than a
  /// slice in a round trip, so that a slice is no more than that.
  private static final LinkShape FAR = LinkShape.of(100, 200);

  /// Two slices may be on their way whatever the link is taken for.
  private static final FetchPolicy WIDE =
      new FetchPolicy(8 << 20, 8 << 20, 64 << 20, 16 << 20, Duration.ofSeconds(60));

  @TempDir Path directory;

  /// Counts the bytes that are asked for and have not come.
  private record Counting(Origin origin, AtomicLong now, AtomicLong most) implements BlobSource {
    @Override
    public Blob open(String image, Digest layer) throws IOException {
      Blob blob = origin.open(image, layer);
      return new Blob() {
        @Override
        public long size() {
          return blob.size();
        }

        @Override
        public InputStream open(ByteRange range) throws IOException {
          long asked = now.addAndGet(range.length());
          most.accumulateAndGet(asked, Math::max);
          try {
            return new FilterInputStream(blob.open(range)) {
              private boolean open = true;

              @Override
              public void close() throws IOException {
                if (open) {
                  open = false;
                  now.addAndGet(-range.length());
                }
                super.close();
              }
            };
          } catch (IOException e) {
            now.addAndGet(-range.length());
            throw e;
          }
        }
      };
    }

    @Override
    public Blob externalToc(String image, Digest layer) throws IOException {
      return origin.externalToc(image, layer);
    }
  }

  private static Layer layer() {
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      entries.add(file("f" + i, RandomTrees.content(Seeds.generator(i), 1 << 20)));
    }
    return new Layer(entries);
  }

  /// Returns the most bytes that were on their way while a layer came in the background.
  private long mostAtOnce(Origin origin, LayerRequest layer, int maxConcurrency) throws Exception {
    Path own = Files.createDirectory(directory.resolve("n" + maxConcurrency));
    Counting source = new Counting(origin, new AtomicLong(), new AtomicLong());
    StartPolicy starts = StartPolicy.NOTHING.with(new StartPolicy.Background(true, maxConcurrency));
    try (LazyNode node = LazyNode.start(own, source, WIDE, starts)) {
      node.service().layers().prepare(layer);
      source.most().set(0); // what opening it needed does not count
      Path complete =
          node.root().resolve("layers").resolve(layer.layer().hex()).resolve("complete");
      await(() -> Files.exists(complete));
    }
    assertThat(source.now()).hasValue(0);
    return source.most().get();
  }

  @Test
  void background_moreAtATime_asksForMoreAtOnceAndForNoMoreThanAllowed() throws Exception {
    try (Origin origin = Origin.startBehind(FAR)) {
      LayerRequest layer = origin.add(layer());

      long one = mostAtOnce(origin, layer, 1);
      long six = mostAtOnce(origin, layer, 6);

      assertThat(one).isBetween(1L, SLICE + SLICE / 4); // a slice, and what frames its members
      assertThat(six).isBetween(SLICE + SLICE / 2, 6 * (SLICE + SLICE / 4));
    }
  }
}
