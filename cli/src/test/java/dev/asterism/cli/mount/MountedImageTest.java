package dev.asterism.cli.mount;

import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static dev.asterism.testkit.layer.Entry.symlink;
import static dev.asterism.testkit.layer.Entry.whiteout;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.estargz.Annotations;
import dev.asterism.layers.BlobSource;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.Image;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.TestImage;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("kernel")
class MountedImageTest {
  private final TestRegistry registry = TestRegistry.start();
  private final RegistryClient client =
      new RegistryClient(
          Hosts.standard(), Credentials.anonymous(), RequestPolicy.DEFAULT, InstantSource.system());

  @SuppressWarnings("NullAway.Init") // set before each test
  private ScratchFolder scratch;

  @BeforeAll
  static void requireRoot() {
    Machine.requireRootAnd("mount");
  }

  @BeforeEach
  void createFolder() throws Exception {
    scratch = ScratchFolder.create("mount-test");
  }

  @AfterEach
  void close() throws Exception {
    client.close();
    registry.close();
    scratch.close();
  }

  private MountedImage mount(Path mountpoint, TestLayer... layers) throws Exception {
    TestImage served = registry.image("app", "1", layers);
    Image image = client.resolve(ImageReference.parse(registry.reference(served)), Platform.host());
    BlobSource source =
        (name, layer) -> client.blob(ImageReference.parse(name), layer, OptionalLong.empty());
    return MountedImage.mount(image, mountpoint, scratch.path().resolve("root"), source, _ -> {});
  }

  private static TestLayer pinned(Layer layer) {
    Layer.EstargzBlob blob = layer.estargz();
    return TestLayer.gzip(blob.bytes())
        .annotated(Annotations.TOC_DIGEST, blob.tocDigest().toString());
  }

  @Test
  void mount_twoLayers_areReadAsOneTree() throws Exception {
    Path mountpoint = Files.createDirectory(scratch.path().resolve("mnt"));
    try (MountedImage _ =
        mount(
            mountpoint,
            pinned(Layer.of(dir("d"), file("d/a", "lower"), file("d/gone", "x"))),
            pinned(Layer.of(file("d/b", "upper"), whiteout("d/gone"), symlink("l", "d/a"))))) {
      assertThat(MountedImage.isMounted(mountpoint)).isTrue();
      assertThat(
              Command.of("sh", "-ec", "ls d; cat l d/b; ! touch new 2>/dev/null")
                  .in(mountpoint)
                  .runOrThrow()
                  .text())
          .isEqualTo("a\nb\nlowerupper");
    }

    assertThat(ScratchFolder.mountsBelow(scratch.path())).isEmpty();
  }

  @Test
  void mount_layerWithoutToc_leavesNothingMounted() throws Exception {
    Path mountpoint = Files.createDirectory(scratch.path().resolve("mnt"));
    TestLayer ordinary = TestLayer.gzip(Layer.of(file("a", "b")).tarGz());

    assertThatThrownBy(() -> mount(mountpoint, ordinary)).isInstanceOf(IOException.class);

    assertThat(ScratchFolder.mountsBelow(scratch.path())).isEmpty();
  }

  @Test
  void defaultRoot_everyMountpoint_hasItsOwn() {
    assertThat(MountedImage.defaultRoot(Path.of("/mnt/a:b, c")))
        .isEqualTo(Path.of("/var/lib/asterism-mounts/mnt_a_b__c"));
  }
}
