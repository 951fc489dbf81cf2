package dev.asterism.layers;

import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.testkit.layer.Layer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("kernel")
@Timeout(300)
final class LayerExerciseTest {
  private static final int LARGE = 100 << 10; // 100 KiB: several chunks

  @TempDir Path directory;
  private final Origin origin = Origin.start();

  @AfterEach
  void end() {
    origin.close();
  }

  private long objects() throws IOException {
    try (Stream<Path> files = Files.walk(directory.resolve("cache/objects"))) {
      return files.filter(Files::isRegularFile).count();
    }
  }

  @Test
  void run_layer_fetchesAllOfItAndMountsNothing() throws Exception {
    LayerRequest layer =
        origin.add(Layer.of(file("a", "one"), file("b", "two"), file("c", "x".repeat(LARGE))));

    try (LayerExercise exercise = new LayerExercise(directory, origin, InstantSource.system())) {
      exercise.run(layer, () -> true);
    }

    assertThat(objects()).isGreaterThanOrEqualTo(2);
    assertThat(Files.readString(Path.of("/proc/self/mounts"))).doesNotContain(directory.toString());
  }

  @Test
  void run_toldNotToGoOn_readsNoFile() throws Exception {
    LayerRequest layer = origin.add(Layer.of(file("a", "one")));

    try (LayerExercise exercise = new LayerExercise(directory, origin, InstantSource.system())) {
      exercise.run(layer, () -> false);
    }

    assertThat(objects()).isZero();
  }

  @Test
  void run_registryIsGone_fails() throws Exception {
    LayerRequest layer = origin.add(Layer.of(file("a", "one")));
    BlobSource gone =
        (_, _) -> {
          throw new IOException("no route");
        };

    try (LayerExercise exercise = new LayerExercise(directory, gone, InstantSource.system())) {
      assertThatThrownBy(() -> exercise.run(layer, () -> true)).hasMessageContaining("no route");
    }
  }
}
