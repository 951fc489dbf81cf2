package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.Target;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// A file of a container that is read through a mirror which fails in the middle of it.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class MirrorReadTest {
  private static final int SIZE = 24 << 20; // 24 MiB: several requests

  private static final byte[] CONTENT = content();
  private static final Layer.EstargzBlob LAYER =
      Layer.of(Entry.file("data", CONTENT)).estargz(EstargzOptions.DEFAULT);

  private static byte[] content() {
    byte[] bytes = new byte[SIZE];
    new Random(11).nextBytes(bytes);
    return bytes;
  }

  private static String serve(TestRegistry registry) {
    TestLayer layer =
        TestLayer.gzip(LAYER.bytes())
            .annotated(Annotations.TOC_DIGEST, LAYER.tocDigest().toString());
    return registry.reference(
        registry.image("big/file", "1", ImageConfig.running("/bin/sh"), List.of(layer)));
  }

  /// What becomes of the mirror after it has served the layer's names.
  static List<Fault> failures() {
    return List.of(
        new Fault.Status(503),
        new Fault.Status(404),
        new Fault.ResetAfter(700_000),
        new Fault.WrongLength(-100),
        new Fault.FlippedByte(SIZE / 2));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void read_mirrorFailsMeanwhile_givesTheRightBytes(Fault fault)
      throws IOException, InterruptedException {
    try (TestRegistry source = TestRegistry.start();
        TestRegistry mirror = TestRegistry.start()) {
      String image = serve(source);
      serve(mirror);
      try (TestNode node =
          TestNode.start(
              """
              no_background_fetch = true
              [[resolver.host."%s".mirrors]]
              host = "%s"
              """
                  .formatted(source.host(), mirror.host()))) {
        node.pull(image);
        assertThat(mirror.traffic().list(Target.blob(LAYER.digest()))).isNotEmpty();
        mirror.fault(Target.blob(LAYER.digest()), fault);

        node.prepare(TestNode.ASTERISM, "read", Images.chainId(image));
        Path folder = node.mount(TestNode.ASTERISM, "read");
        String sum;
        try {
          sum = Command.of("sha256sum", folder.resolve("data").toString()).runOrThrow().text();
        } finally {
          ScratchFolder.unmountBelow(folder);
        }

        assertThat("sha256:" + sum.substring(0, 64)).isEqualTo(Digest.of(CONTENT).toString());
        assertThat(source.traffic().list(Target.blob(LAYER.digest()))).isNotEmpty();
      }
    }
  }
}
