package dev.asterism.cli.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// A push to docker-registry that is killed in the middle of a blob.
@Tag("kernel")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class InterruptedPushTest {
  private static final int SIZE = 256 << 20; // 256 MiB: some seconds, and many chunks
  private static final String MANIFEST = "application/vnd.oci.image.manifest.v1+json";

  private final Cleanup cleanup = Cleanup.open();
  private Path folder;
  private Path storage;
  private DockerRegistry registry;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    Machine.requireRootAnd("docker-registry");
    ScratchFolder scratch = ScratchFolder.create("asterism-interrupted");
    cleanup.add(scratch::close);
    folder = scratch.path();
    storage = folder.resolve("registry");
    registry = DockerRegistry.startWritable(storage);
    cleanup.add(registry::close);
  }

  @AfterEach
  void end() throws IOException {
    cleanup.close();
  }

  @Test
  void push_killed_showsNothingAndIsDoneByTheNext() throws IOException, InterruptedException {
    String image = "oci:" + layout() + ":1";
    String pushed = registry.reference("large:1");
    Process process =
        Asterism.command("push", image, pushed)
            .builder()
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile())
            .start();
    while (process.isAlive() && uploaded() == 0) {
      boolean _ = process.waitFor(5, TimeUnit.MILLISECONDS);
    }
    assertThat(process.isAlive()).as(Files.readString(folder.resolve("output"))).isTrue();
    process.destroyForcibly().waitFor();
    assertThat(uploaded()).isBetween(1L, SIZE - 1L);
    assertThat(Asterism.command("inspect", pushed).run().errorText()).contains("404");

    Outcome again = Asterism.command("push", "--json", image, pushed).runOrThrow();

    assertThat(again.text()).contains("\"event\":\"copied\"", "\"event\":\"done\"");
    Path back = folder.resolve("back");
    Asterism.command("pull", pushed, "oci:" + back + ":1").runOrThrow();
    try (Stream<Path> blobs = Files.list(back.resolve("blobs/sha256"))) {
      assertThat(blobs.map(blob -> blob.toFile().length())).contains((long) SIZE);
    }
  }

  /// Bytes of unfinished uploads in the registry's storage.
  private long uploaded() throws IOException {
    Path uploads = storage.resolve("docker/registry/v2/repositories/large/_uploads");
    if (!Files.isDirectory(uploads)) {
      return 0;
    }
    try (Stream<Path> files = Files.find(uploads, 2, (path, _) -> path.endsWith("data"))) {
      return files.mapToLong(data -> data.toFile().length()).sum();
    }
  }

  /// Writes a layout with an image of one layer that does not compress.
  private Path layout() throws IOException {
    Path layout = folder.resolve("layout");
    String layer = blob(layout, RandomTrees.content(Seeds.generator(1), SIZE));
    String config = blob(layout, "{}".getBytes(UTF_8));
    String manifest =
        """
        {"schemaVersion":2,"mediaType":"%s",
         "config":{"mediaType":"application/vnd.oci.image.config.v1+json",%s},
         "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar",%s}]}\
        """
            .formatted(MANIFEST, config, layer);
    String root = blob(layout, manifest.getBytes(UTF_8));
    Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    Files.writeString(
        layout.resolve("index.json"),
        """
        {"schemaVersion":2,"manifests":[{"mediaType":"%s",%s,
         "annotations":{"org.opencontainers.image.ref.name":"1"}}]}\
        """
            .formatted(MANIFEST, root));
    return layout;
  }

  /// Writes a blob and returns what a descriptor says of it.
  private static String blob(Path layout, byte[] bytes) throws IOException {
    Digest digest = Digest.of(bytes);
    Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
    Files.write(blobs.resolve(digest.hex()), bytes);
    return "\"digest\":\"%s\",\"size\":%d".formatted(digest, bytes.length);
  }
}
