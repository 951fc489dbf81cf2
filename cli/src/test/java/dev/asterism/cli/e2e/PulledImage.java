package dev.asterism.cli.e2e;

import dev.asterism.testkit.process.Cleanup;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/// What tests of one real image on one node begin with: docker-registry, a node, the image pulled.
abstract class PulledImage {
  private final Cleanup cleanup = Cleanup.open();
  private final String configuration;

  /// Serves the image until the end of the test.
  DockerRegistry registry;

  /// Has the image, in which nothing was read.
  TestNode node;

  /// How containerd names the image.
  String image;

  /// @param configuration the daemon's `config.toml`
  PulledImage(String configuration) {
    this.configuration = configuration;
  }

  /// How a daemon ends.
  enum End {
    TOLD,
    KILLED;

    void of(TestNode node) throws InterruptedException {
      switch (this) {
        case TOLD -> node.stopDaemon();
        case KILLED -> node.killDaemon();
      }
    }
  }

  @BeforeEach
  void pull() throws IOException, InterruptedException {
    registry = DockerRegistry.start(RealImage.storage());
    cleanup.add(registry::close);
    node = TestNode.start(configuration);
    cleanup.add(node::close);
    image = registry.reference(RealImage.LAZY);
    node.pull(image);
  }

  @AfterEach
  void end() throws IOException {
    cleanup.close();
  }
}
