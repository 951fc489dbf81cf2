package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What nobody needs any more goes.
@Tag("kernel")
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class RemovalTest extends PulledImage {

  RemovalTest() {
    super("no_background_fetch = true\n");
  }

  @Test
  void remove_ofAllContainersAndImages_leavesObjectsOnly()
      throws IOException, InterruptedException {
    String container = node.runAndKeep(TestNode.ASTERISM, image, "file /usr/bin/less");
    String idle = node.startIdle(image);
    assertThat(node.layerMounts()).hasSize(1);
    assertThat(node.content("cache/layers")).isNotEmpty();

    node.containerd().remove(container);
    node.containerd().remove(idle);
    node.removeImage(image);

    assertThat(node.snapshots("ls").runOrThrow().text().lines()).hasSize(1); // the heading
    assertThat(node.layerMounts()).isEmpty();
    assertThat(node.content("chains")).isEmpty();
    assertThat(node.content("layers")).isEmpty();
    assertThat(node.content("cache/layers")).isEmpty();
    assertThat(node.content("snapshots")).isEmpty();
    assertThat(node.content("cache/objects")).isNotEmpty();
  }

  @Test
  void remove_ofTheImageUnderAContainer_takesNothingFromIt()
      throws IOException, InterruptedException {
    String idle = node.startIdle(image);

    node.removeImage(image);

    assertThat(node.execute(idle, "file /usr/bin/less && ls /usr/share/doc").orThrow().text())
        .contains("ELF");
    node.containerd().remove(idle);
    node.collectGarbage();
    assertThat(node.layerMounts()).isEmpty();
    assertThat(node.content("layers")).isEmpty();
  }

  @Test
  void pull_afterRemoval_needsNothingThatWasRead() throws IOException, InterruptedException {
    String script = "file /usr/bin/less";
    String before = node.run(TestNode.ASTERISM, image, script);
    node.removeImage(image);
    node.pull(image);
    registry.stop();

    assertThat(node.run(TestNode.ASTERISM, image, script)).isEqualTo(before);
  }
}
