package dev.asterism.cli.warm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.layers.BlobSource;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("kernel")
@Timeout(300)
final class ExerciseTest {
  @TempDir private Path root;

  private final RegistryClient client =
      new RegistryClient(
          Hosts.standard(), Credentials.anonymous(), RequestPolicy.DEFAULT, InstantSource.system());

  private final AtomicLong asked = new AtomicLong(7);
  private final AtomicInteger opened = new AtomicInteger();

  @AfterEach
  void close() {
    client.close();
  }

  private Blob open(String image, Digest layer) throws IOException {
    opened.incrementAndGet();
    return client.blob(ImageReference.parse(image), layer, OptionalLong.empty());
  }

  private Exercise start(BlobSource registry) {
    return Exercise.start(root, registry, asked::get, InstantSource.system());
  }

  private static void awaitEnd() throws InterruptedException {
    for (Thread thread : Thread.getAllStackTraces().keySet()) {
      if (thread.getName().equals("exercise")) {
        thread.join();
      }
    }
  }

  @Test
  void start_nobodyAsks_readsLayersAndLeavesNothing() throws Exception {
    Path left = Files.createDirectories(root.resolve("exercise/cache/objects/00"));
    Files.writeString(left.resolve("of a process that was killed"), "x");

    try (Exercise _ = start(this::open)) {
      awaitEnd();
    }

    assertThat(opened).hasPositiveValue();
    assertThat(root).isEmptyDirectory();
  }

  @Test
  void start_somebodyAsks_endsWithTheFirstLayer() throws Exception {
    BlobSource interrupted =
        (image, layer) -> {
          asked.incrementAndGet();
          return open(image, layer);
        };

    try (Exercise _ = start(interrupted)) {
      awaitEnd();
    }

    assertThat(opened).hasValue(1);
    assertThat(root).isEmptyDirectory();
  }

  @Test
  void start_registryFails_endsAndLeavesNothing() throws Exception {
    BlobSource unreachable =
        (_, _) -> {
          throw new IOException("no route");
        };

    try (Exercise _ = start(unreachable)) {
      awaitEnd();
    }

    assertThat(root).isEmptyDirectory();
  }
}
