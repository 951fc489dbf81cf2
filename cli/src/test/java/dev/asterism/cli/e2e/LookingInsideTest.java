package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.estargz.Annotations;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The keys that let somebody look into a daemon that runs: `log_file_access`, `debug_address`.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class LookingInsideTest {
  private static final Layer.EstargzBlob LAYER =
      Layer.of(Entry.file("etc/read", "this is read"), Entry.file("etc/other", "this is not"))
          .estargz();

  private static String serve(TestRegistry registry) {
    TestLayer layer =
        TestLayer.gzip(LAYER.bytes())
            .annotated(Annotations.TOC_DIGEST, LAYER.tocDigest().toString());
    return registry.reference(
        registry.image("looked/at", "1", ImageConfig.running("/bin/sh"), List.of(layer)));
  }

  @Test
  void keys_bothSet_showWhatTheDaemonDoes() throws IOException, InterruptedException {
    try (ScratchFolder sockets = ScratchFolder.create("asterism-debug");
        TestRegistry registry = TestRegistry.start()) {
      Path debug = sockets.path().resolve("debug.sock");
      String image = serve(registry);
      try (TestNode node =
          TestNode.start(
              """
              log_file_access = true
              no_background_fetch = true
              debug_address = "%s"
              """
                  .formatted(debug))) {
        node.pull(image);
        node.prepare(TestNode.ASTERISM, "looked", Images.chainId(image));
        Path folder = node.mount(TestNode.ASTERISM, "looked");
        try {
          assertThat(Command.of("cat", folder.resolve("etc/read").toString()).runOrThrow().text())
              .isEqualTo("this is read");
        } finally {
          ScratchFolder.unmountBelow(folder);
        }

        String accesses = awaitAccess(node);
        assertThat(accesses)
            .contains("\"path\":\"etc/read\"", "\"size\":\"12\"", LAYER.digest().toString());
        assertThat(accesses).doesNotContain("etc/other");
        assertThat(ask(debug, "/debug/vars")).contains("200 OK").contains("\"heapUsed\"");
        assertThat(ask(debug, "/debug/threads")).contains("200 OK").contains("dev.asterism.");
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(debug)))
            .isEqualTo("rw-------");
      }
      assertThat(debug).doesNotExist();
    }
  }

  /// The name is looked up aside.
  private static String awaitAccess(TestNode node) throws IOException, InterruptedException {
    while (!node.log().contains("file-accessed")) {
      Thread.sleep(50); // the test's own time limit ends this
    }
    return String.join(
        "\n", node.log().lines().filter(line -> line.contains("file-accessed")).toList());
  }

  private static String ask(Path socket, String path) throws IOException {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.connect(UnixDomainSocketAddress.of(socket));
      channel.write(
          ByteBuffer.wrap(
              "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                  .formatted(path)
                  .getBytes(StandardCharsets.US_ASCII)));
      return new String(Channels.newInputStream(channel).readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
