package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// Images without containerd: `mount`, `unmount` and `inspect`. All tests share a store, whose
/// content the first one that reads all of the image fetches.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class MountCommandTest {
  private static final Pattern PROCESS = Pattern.compile("by process (\\d+)");

  /// What Debian's packages say about their files; the removed ones left out.
  private static final String CHECK =
      "cat var/lib/dpkg/info/*.md5sums | md5sum --check --quiet --ignore-missing";

  private final Cleanup cleanup = Cleanup.open();
  private final List<ProcessHandle> servers = new ArrayList<>();
  private DockerRegistry registry;
  private Path scratch;
  private Path mountpoint;
  private String image;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    registry = DockerRegistry.start(RealImage.storage());
    cleanup.add(registry::close);
    ScratchFolder folder = ScratchFolder.create("asterism-mount");
    cleanup.add(folder::close);
    scratch = folder.path();
    mountpoint = Files.createDirectory(scratch.resolve("image"));
    image = registry.reference(RealImage.LAZY);
  }

  @AfterEach
  void unmount() {
    for (ProcessHandle server : servers) {
      server.destroy();
      server.onExit().orTimeout(2, TimeUnit.MINUTES).join();
    }
    servers.clear();
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  @Test
  void mount_ofAnImage_showsWhatItsPackagesInstalled() throws IOException, InterruptedException {
    mount();

    assertThat(Command.of("sh", "-c", CHECK).in(mountpoint).run().errorText()).isEmpty();
    assertThat(Command.of("touch", "new").in(mountpoint).run().errorText()).contains("Read-only");
  }

  @Test
  void mount_ofAMountedDirectory_fails() throws IOException, InterruptedException {
    mount();

    Outcome second =
        Asterism.command("mount", "--root", scratch.resolve("other").toString())
            .with(image, mountpoint.toString())
            .run();

    assertThat(second.exitCode()).isEqualTo(1);
    assertThat(second.errorText()).contains("is mounted on " + mountpoint + " already");
  }

  @Test
  void mount_ofOrdinaryLayers_saysWhyItCannot() throws IOException, InterruptedException {
    Outcome outcome =
        Asterism.command("mount", "--root", scratch.resolve("root").toString())
            .with(registry.reference(RealImage.PLAIN), mountpoint.toString())
            .run();

    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.errorText()).contains("pins no TOC digest");
    assertThat(ScratchFolder.mountsBelow(scratch)).isEmpty();
  }

  @Test
  void unmount_ofAnImage_leavesNoMountAndNoProcess()
      throws IOException, InterruptedException, ExecutionException, TimeoutException {
    ProcessHandle server = mount();

    Asterism.command("unmount", mountpoint.toString()).runOrThrow();
    server.onExit().get(2, TimeUnit.MINUTES);

    assertThat(ScratchFolder.mountsBelow(scratch)).isEmpty();
    assertThat(Asterism.command("unmount", mountpoint.toString()).run().errorText())
        .contains("no image is mounted on " + mountpoint);
  }

  @Test
  void mount_again_findsWhatWasFetched()
      throws IOException, InterruptedException, ExecutionException, TimeoutException {
    ProcessHandle server = mount();
    Command.of("sh", "-c", CHECK).in(mountpoint).runOrThrow();
    Asterism.command("unmount", mountpoint.toString()).runOrThrow();
    server.onExit().get(2, TimeUnit.MINUTES);
    long before = registry.traffic().bytes();

    mount();
    Command.of("sh", "-c", CHECK).in(mountpoint).runOrThrow();

    assertThat(registry.traffic().bytes() - before).isLessThan(Images.size(image) / 20);
  }

  @Test
  void inspect_ofAnImage_tellsItsLayersAndWhatTheStoreHas()
      throws IOException, InterruptedException {
    mount();
    Command.of("sh", "-c", CHECK).in(mountpoint).runOrThrow();

    String text =
        Asterism.command("inspect", "--root", scratch.resolve("root").toString(), image)
            .runOrThrow()
            .text();

    assertThat(text.lines().filter(line -> line.startsWith("layer sha256:")))
        .hasSize(RealImage.LAYERS);
    assertThat(text).contains(RealImage.LAYERS + " layers, ").contains("files").contains("chunks");
    assertThat(text).doesNotContain("of which 0.0 MB in");
  }

  @Test
  void inspect_ofAnImageThatIsNotThere_fails() throws IOException, InterruptedException {
    Outcome outcome = Asterism.command("inspect", registry.reference("tools:none")).run();

    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.errorText()).contains("tools:none");
  }

  /// Mounts the image in the background and returns the process that serves it.
  private ProcessHandle mount() throws IOException, InterruptedException {
    String said =
        Asterism.command("mount", "--detach", "--root", scratch.resolve("root").toString())
            .with(image, mountpoint.toString())
            .runOrThrow()
            .text();
    Matcher process = PROCESS.matcher(said);
    assertThat(process.find()).as(said).isTrue();
    ProcessHandle server = ProcessHandle.of(Long.parseLong(process.group(1))).orElseThrow();
    servers.add(server);
    return server;
  }
}
