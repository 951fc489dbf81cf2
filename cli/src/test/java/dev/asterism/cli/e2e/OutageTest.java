package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A daemon whose registry goes and comes back, and one that needs none any more.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class OutageTest {
  private static final byte[] CONTENT = RandomTrees.content(Seeds.generator(21), 300_000);

  /// Serves an image of one layer, whose annotations containerd gives to the snapshot.
  private static String serve(TestRegistry registry, String label, String value) {
    Layer.EstargzBlob blob =
        Layer.of(Entry.file("srv/small", "few"), Entry.file("srv/big", CONTENT))
            .estargz(EstargzOptions.DEFAULT);
    TestLayer layer =
        TestLayer.gzip(blob.bytes())
            .annotated(Annotations.TOC_DIGEST, blob.tocDigest().toString())
            .annotated(label, value);
    return registry.reference(
        registry.image("away/of", "1", ImageConfig.running("/bin/sh"), List.of(layer)));
  }

  private static String status(TestNode node) throws IOException, InterruptedException {
    return Asterism.command("status", "--admin-address")
        .with(node.root().resolveSibling("admin.sock").toString())
        .runOrThrow()
        .text();
  }

  private static void await(TestNode node, String text) throws IOException, InterruptedException {
    while (!status(node).contains(text)) {
      Thread.sleep(100); // the test's own time limit ends this
    }
  }

  @Test
  void read_imageWhoseLabelSaysWait_waitsOverARestartUntilTheRegistryIsBack()
      throws IOException, InterruptedException {
    try (TestRegistry registry = TestRegistry.start()) {
      String image = serve(registry, "containerd.io/snapshot/remote/asterism.outage", "wait");
      try (TestNode node =
          TestNode.start(
              """
              no_background_fetch = true
              [outage]
              mode = "fail"
              [blob]
              max_retries = 1
              """)) {
        node.pull(image);
        node.prepare(TestNode.ASTERISM, "a-container", Images.chainId(image));
        Path folder = node.mount(TestNode.ASTERISM, "a-container");
        try {
          registry.refuseConnections();
          Process reader =
              Command.of("cat", folder.resolve("srv/big").toString()).builder().start();
          await(node, "is away since");
          assertThat(status(node)).contains(registry.host(), "srv/big", image);

          node.stopDaemon();
          node.startDaemon();
          await(node, "is away since");
          assertThat(reader.isAlive()).isTrue();

          registry.up();
          assertThat(reader.getInputStream().readAllBytes()).isEqualTo(CONTENT);
          assertThat(reader.waitFor()).isZero();
          await(node, "Registry %s was away from 20".formatted(registry.host()));
          assertThat(node.log())
              .containsOnlyOnce("registry-away")
              .containsOnlyOnce("registry-back");
        } finally {
          ScratchFolder.unmountBelow(folder);
        }
      }
    }
  }

  @Test
  void daemon_imageIsComplete_asksItsRegistryNoMore() throws IOException, InterruptedException {
    try (TestRegistry registry = TestRegistry.start()) {
      String image = serve(registry, "unknown", "to everybody");
      try (TestNode node = TestNode.start("")) {
        node.pull(image);
        await(node, "nothing");
        String top = Images.chainId(image); // asks for the configuration
        int asked = registry.traffic().list().size();

        node.stopDaemon();
        node.startDaemon();
        node.awaitReconnection();
        await(node, "nothing");
        node.prepare(TestNode.ASTERISM, "a-container", top);
        Path folder = node.mount(TestNode.ASTERISM, "a-container");
        try {
          assertThat(Command.of("cat", folder.resolve("srv/big").toString()).runOrThrow().out())
              .isEqualTo(CONTENT);
          Command.of("cat", folder.resolve("srv/small").toString()).runOrThrow();
        } finally {
          ScratchFolder.unmountBelow(folder);
        }

        assertThat(registry.traffic().list()).hasSize(asked);
      }
    }
  }
}
