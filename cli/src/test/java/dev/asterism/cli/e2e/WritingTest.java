package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.tree.TreeListing;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// What containers write over lazy layers is what they would write over unpacked ones.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class WritingTest {
  /// Marks the time, and waits until the file system's clock has gone on.
  private static final String START =
      """
      touch /tmp/start /tmp/later
      until [ /tmp/later -nt /tmp/start ]; do touch /tmp/later; done
      rm /tmp/later
      """;

  /// Every way to change what is below: new, appended to, attributes only, renamed, removed,
  /// removed and made again, one of two hard links, cut short.
  private static final String CHANGES =
      """
      mkdir -p /srv/new/deep && echo new > /srv/new/deep/file && mkfifo /srv/new/fifo
      echo more >> /etc/debian_version
      chmod 600 /usr/bin/tac && chown 7:8 /usr/bin/tac
      mv /usr/share/common-licenses /usr/share/licences
      mv /usr/bin/sum /usr/bin/total
      rm /etc/issue && rm -r /usr/share/bug
      rm -r /usr/share/doc/file && mkdir /usr/share/doc/file && echo again > /usr/share/doc/file/a
      ln /usr/bin/wc /usr/bin/count && ln -s ../bin/wc /usr/lib/wc
      truncate -s 10 /usr/share/perl5/Debconf/Db.pm || truncate -s 10 /etc/services
      cp -a /etc/pam.d /srv/new/pam
      """;

  /// The same to what the first container left.
  private static final String MORE_CHANGES =
      """
      cat /usr/share/licences/GPL-3 /usr/bin/total /usr/bin/tac > /srv/copies
      echo again > /etc/issue && echo more >> /srv/new/deep/file && rm /srv/new/fifo
      mv /usr/share/licences /usr/share/common-licenses
      mkdir /usr/share/bug && echo bug > /usr/share/bug/a
      chmod 711 /usr/bin/count
      """;

  /// What has just been changed gets one time, so that two runs are alike.
  private static final String SAME_TIMES =
      """
      find / -xdev -mindepth 1 -newer /tmp/start ! -path /tmp/start ! -path /srv/changed | sort > /srv/changed
      rm /tmp/start
      xargs -d '\\n' touch -h -d @1700000000 < /srv/changed
      touch -d @1700000000 /srv/changed /tmp
      """;

  /// What runc makes for the host's file, before the container can set its time.
  private static final String MOUNTPOINT = "etc/hosts";

  private final Cleanup cleanup = Cleanup.open();
  private final Map<String, String> containers = new HashMap<>();
  private DockerRegistry registry;
  private TestNode node;
  private String image;

  @BeforeAll
  void writeInContainers() throws IOException, InterruptedException {
    registry = DockerRegistry.start(RealImage.storage());
    cleanup.add(registry::close);
    node = TestNode.start();
    cleanup.add(node::close);
    image = registry.reference(RealImage.LAZY);
    node.pull(image);
    node.pullWhole(image);
    for (String snapshotter : List.of(TestNode.OVERLAYFS, TestNode.ASTERISM)) {
      containers.put(
          snapshotter, node.runAndKeep(snapshotter, image, START + CHANGES + SAME_TIMES));
    }
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  @Test
  void container_thatWrites_leavesWhatItLeavesOverOverlayfs()
      throws IOException, InterruptedException {
    TreeListing expected =
        upper(TestNode.OVERLAYFS, containers.getOrDefault(TestNode.OVERLAYFS, ""));

    TreeListing actual = upper(TestNode.ASTERISM, containers.getOrDefault(TestNode.ASTERISM, ""));

    assertThat(actual.differenceFrom(expected).lines()).isEmpty();
  }

  @Test
  void snapshot_committedAndWrittenOver_showsBothLayersOfChanges()
      throws IOException, InterruptedException {
    TreeListing expected = committedAndWrittenOver(TestNode.OVERLAYFS);

    TreeListing actual = committedAndWrittenOver(TestNode.ASTERISM);

    assertThat(actual.differenceFrom(expected).lines()).isEmpty();
  }

  private TreeListing committedAndWrittenOver(String snapshotter)
      throws IOException, InterruptedException {
    String container = node.runAndKeep(snapshotter, image, START + CHANGES + SAME_TIMES);
    node.commit(snapshotter, "committed", container);
    node.containerd().ctr("containers", "rm", "--keep-snapshot", container).runOrThrow();
    node.prepare(snapshotter, "over", "committed");
    node.runOn(snapshotter, "over", START + MORE_CHANGES + SAME_TIMES);
    return upper(snapshotter, "over");
  }

  /// Lists a container's whole tree, without what only unpacked layers have in them.
  private TreeListing upper(String snapshotter, String key)
      throws IOException, InterruptedException {
    return node.treeOf(snapshotter, key)
        .filter(name -> !RealImage.OWN_FILES.contains(name) && !name.equals(MOUNTPOINT))
        .roundedToSeconds()
        .withoutRootTime();
  }
}
