package dev.asterism.cli.e2e;

import dev.asterism.testkit.process.Cleanup;
import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/// What tests of one real image on one node begin with: docker-registry, a node, the image pulled,
/// no container.
///
/// All tests of a class have the same node, whatever the one before has ended or removed. What it
/// has read is still in the store: see [#forgetEverything].
@TestInstance(Lifecycle.PER_CLASS)
abstract class PulledImage {
  private final Cleanup cleanup = Cleanup.open();
  private final String configuration;

  /// Serves the image.
  DockerRegistry registry;

  /// Has the image.
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

  @BeforeAll
  void start() throws IOException, InterruptedException {
    registry = DockerRegistry.start(RealImage.storage());
    cleanup.add(registry::close);
    node = TestNode.start(configuration);
    cleanup.add(node::close);
    image = registry.reference(RealImage.LAZY);
  }

  @BeforeEach
  void pull() throws IOException, InterruptedException {
    if (!registry.isRunning()) {
      registry.restart();
    }
    if (!node.hasDaemon()) {
      node.startDaemon();
    }
    node.awaitReconnection(); // the test before may have ended with a daemon that had just begun
    node.removeContainers();
    if (!node.hasImage(image)) {
      node.pull(image);
    }
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  /// Removes every byte that was fetched, while no daemon runs, and what the kernel has of it in
  /// memory: all comes through the gate again.
  void forgetEverything() throws IOException, InterruptedException {
    node.forgetContent();
  }

  /// Has a daemon that has fetched nothing of the image yet but its layers' names.
  void startAnew() throws IOException, InterruptedException {
    node.stopDaemon();
    forgetEverything();
    node.startDaemon();
    node.awaitReconnection();
  }
}
