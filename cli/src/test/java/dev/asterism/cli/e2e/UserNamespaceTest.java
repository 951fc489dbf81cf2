package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.estargz.Annotations;
import dev.asterism.testkit.image.HostPrograms;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
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

/// A container whose root is somebody else on the node: containerd 1.6 makes a snapshot for it in
/// which every file has another owner, through our mounts.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class UserNamespaceTest {
  private static final String MAP = "0:100000:65536";

  @Test
  void container_withMappedUsers_ownsItsFiles() throws IOException, InterruptedException {
    Machine.requireRootAnd("containerd", "runc", "ctr-remote");
    Layer.EstargzBlob layer =
        HostPrograms.layer(Path.of("/bin/sh"), Path.of("/usr/bin/stat"), Path.of("/bin/cat"))
            .estargz();
    TestLayer lazy =
        TestLayer.gzip(layer.bytes())
            .annotated(Annotations.TOC_DIGEST, layer.tocDigest().toString());
    try (TestRegistry registry = TestRegistry.start();
        TestNode node = TestNode.start("no_background_fetch = true\n")) {
      String image =
          registry.reference(
              registry.image("mapped", "1", ImageConfig.running("/bin/sh"), List.of(lazy)));
      node.pull(image);
      // Its root must reach the rootfs through folders of a root that it is not.
      Command.of("chmod", "711", node.root().resolveSibling(".").toString()).runOrThrow();

      String said =
          mapped(
                  node,
                  image,
                  "cat /proc/self/uid_map; stat -c '%u:%g %n' / /bin/sh; echo new > /new;"
                      + " stat -c '%u %n' /new")
              .runOrThrow()
              .text();

      assertThat(said.replaceAll("[ \t]+", " ").lines().map(String::strip))
          .containsExactly("0 100000 65536", "0:0 /", "0:0 /bin/sh", "0 /new");
      assertThat(node.run(TestNode.ASTERISM, image, "stat -c '%u %n' /bin/sh"))
          .isEqualTo("0 /bin/sh");
      assertThat(node.prepared()).containsValue(true);
    }
  }

  private static Command mapped(TestNode node, String image, String script) {
    Path folder = node.containerd().root().resolveSibling("mapped");
    return node.containerd()
        .ctr("run", "--rm", "--snapshotter", TestNode.ASTERISM)
        .with("--cgroup", node.containerd().cgroup("mapped"))
        .with("--runc-root", folder.resolve("runc").toString())
        .with("--fifo-dir", folder.resolve("fifo").toString())
        .with("--uidmap", MAP, "--gidmap", MAP)
        .with(image, "mapped", "sh", "-ec", script);
  }
}
