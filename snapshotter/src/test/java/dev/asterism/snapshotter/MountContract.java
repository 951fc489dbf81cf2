package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every snapshotter's mounts show, once they are mounted.
@Tag("kernel")
abstract class MountContract {
  // Type, mode, owner, path, link target and content of everything below.
  private static final String TREE =
      "find . -printf '%y %m %U:%G %p %l\\n' | sort -k4; "
          + "find . -type f -print0 | sort -z | xargs -0 -r sha256sum; echo end";

  @TempDir private Path scratch;
  private SnapshotsService service;
  private SnapshotsClient client;

  /// Starts a snapshotter that has no snapshot.
  abstract SnapshotsService start() throws Exception;

  @BeforeEach
  void open() throws Exception {
    Kernel.require("mount", "unshare");
    service = start();
    client = service.client();
  }

  @AfterEach
  void close() throws Exception {
    if (service != null) {
      service.close();
    }
  }

  private String write(String name, String parent, String script) throws Exception {
    String printed = Kernel.in(scratch, client.prepare(name + "-key", parent), script);
    client.commit(name, name + "-key");
    return printed;
  }

  private String view(String parent, String script) throws Exception {
    List<Mount> mounts = client.view(parent + "-view", parent);
    try {
      return Kernel.in(scratch, mounts, script);
    } finally {
      client.remove(parent + "-view");
    }
  }

  /// Writes layer after layer, and compares each state with the same done to a plain directory.
  private void assertLayers(String... scripts) throws Exception {
    Path plain = Files.createTempDirectory(scratch, "plain-");
    Kernel.run("chmod", "755", plain.toString());
    String parent = "";
    String before = Kernel.run("sh", "-c", "cd '%s'; %s".formatted(plain, TREE));
    for (int i = 0; i < scripts.length; i++) {
      String both = scripts[i] + "\n" + TREE;
      String name = "layer-" + i;
      assertThat(write(name, parent, TREE + "\n" + both))
          .isEqualTo(
              before + "\n" + Kernel.run("sh", "-c", "set -e; cd '%s'\n%s".formatted(plain, both)));
      before = Kernel.run("sh", "-c", "cd '%s'; %s".formatted(plain, TREE));
      assertThat(view(name, TREE)).isEqualTo(before);
      parent = name;
    }
  }

  @Test
  void root_ofNewSnapshot_isReadableByAll() throws Exception {
    assertThat(write("c", "", "stat -c '%a %u:%g' .")).isEqualTo("755 0:0");
  }

  @Test
  void root_overParent_looksLikeIt() throws Exception {
    write("c", "", "chown 12:34 .");
    assertThat(write("d", "c", "stat -c %u:%g .")).isEqualTo("12:34");
    assertThat(write("e", "d", "stat -c %u:%g .")).isEqualTo("12:34");
  }

  @Test
  void layers_thatAddChangeAndDelete_showTheirSum() throws Exception {
    assertLayers(
        "echo foo > foo; chmod 777 foo; mkdir -p a/b/c; echo gone > foobar",
        "echo bar > bar; echo bar > foo; rm -r a/b; rm foobar",
        "mkdir a/b; echo new > a/b/new; ln -s ../foo a/link; ln foo a/hard");
  }

  @Test
  void layers_thatReplaceDirectories_hideWhatWasThere() throws Exception {
    assertLayers(
        "mkdir -p d/e; echo 1 > d/one; echo 2 > d/e/two; mkdir onlyme; echo x > onlyme/x",
        "rm -r d; mkdir d; echo 3 > d/three; rm -r onlyme; echo file > onlyme",
        "rm onlyme; mkdir onlyme; echo y > onlyme/y; rm -r d",
        "mkdir d");
  }

  @Test
  void layers_thatRename_moveEverything() throws Exception {
    assertLayers(
        "mkdir -p from/sub other; echo 1 > from/a; echo 2 > from/sub/b; echo 3 > other/c",
        "mv from to; mv other/c to/c; mv to/a a",
        "mkdir from; mv to/sub from/sub2; mv a to/a2");
  }

  @Test
  void layers_thatChangeModesAndOwners_keepContent() throws Exception {
    assertLayers(
        "mkdir -m 700 dir1 dir2; echo Hello > dir1/f1; echo more > dir2/f2; chmod 640 dir2/f2",
        "chown 1000:1001 dir1 dir1/f1; chmod 4755 dir1/f1; chmod 1777 dir2",
        "mv dir1/f1 dir2/f1; ln dir2/f2 dir1/f2; rm dir2/f2");
  }

  @Test
  void view_whenWritten_refuses() throws Exception {
    write("c", "", "echo 1 > f");
    write("d", "c", "echo 2 > g");
    for (String parent : List.of("c", "d")) {
      assertThatThrownBy(() -> view(parent, "echo no > h")).hasMessageContaining("Read-only");
    }
  }

  @Test
  void active_mountedAgain_hasWhatWasWritten() throws Exception {
    write("c", "", "echo 1 > f");
    Kernel.in(scratch, client.prepare("a", "c"), "echo 2 > g");
    assertThat(Kernel.in(scratch, client.mounts("a"), "cat f g")).isEqualTo("1\n2");
  }

  /// "The default parent, "", is an empty directory."
  @Test
  void root_overNothing_isEmpty() throws Exception {
    assertThat(Kernel.in(scratch, client.prepare("a", ""), "ls -A | wc -l")).isEqualTo("0");
    assertThat(Kernel.in(scratch, client.view("v", ""), "ls -A | wc -l")).isEqualTo("0");
  }

  /// Changes are captured in relation to the parent, which they leave as it is for others.
  @Test
  void actives_overOneParent_doNotSeeEachOther() throws Exception {
    write("c", "", "echo 1 > f; mkdir d");
    Kernel.in(scratch, client.prepare("a", "c"), "echo 2 > f; rmdir d; echo a > only-a");
    Kernel.in(scratch, client.prepare("b", "c"), "echo b > d/only-b");
    assertThat(Kernel.in(scratch, client.mounts("a"), "cat f; ls")).isEqualTo("2\nf\nonly-a");
    assertThat(Kernel.in(scratch, client.mounts("b"), "cat f; find . -type f | sort"))
        .isEqualTo("1\n./d/only-b\n./f");
    assertThat(view("c", "cat f; ls")).isEqualTo("1\nd\nf");
  }

  /// "All resources associated with the key will be removed."
  @Test
  void active_removedAndMadeAgain_hasNothingOfBefore() throws Exception {
    write("c", "", "echo 1 > f");
    Kernel.in(scratch, client.prepare("a", "c"), "echo 2 > f; echo 3 > g");
    client.remove("a");
    assertThat(Kernel.in(scratch, client.prepare("a", "c"), "cat f; ls")).isEqualTo("1\nf");
  }

  /// "Usage […] excluding the usage of parent snapshots", of an active one as it is now.
  @Test
  void usage_ofActive_growsWithWhatItWritesAndLeavesItsParentOut() throws Exception {
    write("c", "", "head -c 1000000 /dev/zero | tr '\\0' x > f");
    client.prepare("a", "c");
    assertThat(client.usage("a").getSize()).isLessThan(50_000);
    Kernel.in(scratch, client.mounts("a"), "head -c 500000 /dev/zero | tr '\\0' y > g");
    assertThat(client.usage("a").getSize()).isBetween(500_000L, 540_000L);
  }

  @Test
  void usage_ofCommitted_countsWhatItWrote() throws Exception {
    write("c", "", "head -c 1000000 /dev/zero | tr '\\0' x > f; ln f g; mkdir d");
    write("d", "c", "echo small > small");
    assertThat(client.usage("c").getSize()).isBetween(1_000_000L, 1_040_000L);
    assertThat(client.usage("c").getInodes()).isEqualTo(3);
    assertThat(client.usage("d").getInodes()).isEqualTo(2);
  }

  @Test
  void layers_128_areMounted() throws Exception {
    String parent = "";
    for (int i = 0; i < 128; i++) {
      client.prepare("l%d-key".formatted(i), parent);
      if (i % 32 == 0 || i == 127) {
        Kernel.in(
            scratch,
            client.mounts("l%d-key".formatted(i)),
            "echo %d > last; echo %d > only-%d".formatted(i, i, i));
      }
      parent = "l" + i;
      client.commit(parent, parent + "-key");
    }
    assertThat(view(parent, "cat last only-0 only-32 only-127")).isEqualTo("127\n0\n32\n127");
  }
}
