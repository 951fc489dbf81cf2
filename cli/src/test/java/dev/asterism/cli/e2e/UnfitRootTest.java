package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A node that cannot mount a layer's metadata pulls images as always.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class UnfitRootTest {
  /// Mounts a file system in memory, from whose files the kernel mounts no EROFS, where the
  /// daemon's `--root` says.
  private static final String ROOT_IN_MEMORY =
      """
      before=
      for word; do
        [ "$before" != --root ] || root=$word
        before=$word
      done
      mkdir -p "$root"
      mount -t tmpfs -o size=1g none "$root"
      exec "$@"
      """;

  private final Cleanup cleanup = Cleanup.open();
  private TestNode node;
  private String image;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    DockerRegistry registry = DockerRegistry.start(RealImage.storage());
    cleanup.add(registry::close);
    image = registry.reference(RealImage.LAZY);
    node = TestNode.start("", Command.of("sh", "-ec", ROOT_IN_MEMORY, "sh"));
    cleanup.add(node::close);
  }

  @AfterEach
  void end() throws IOException {
    cleanup.close();
  }

  @Test
  void pull_whereNoImageCanBeMounted_isAnOrdinaryOneAndTheLogSaysWhy()
      throws IOException, InterruptedException {
    node.pull(image);

    assertThat(node.prepared()).hasSize(RealImage.LAYERS).doesNotContainValue(true);
    assertThat(node.log()).contains("lazy layers cannot be mounted from").contains("doctor");
    assertThat(node.run(TestNode.ASTERISM, image, "less --version")).startsWith("less ");
  }
}
