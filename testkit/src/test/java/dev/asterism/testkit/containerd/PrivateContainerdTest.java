package dev.asterism.testkit.containerd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.image.BuiltImage;
import dev.asterism.testkit.image.BuiltLayer;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.TestImage;
import dev.asterism.testkit.registry.TestRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class PrivateContainerdTest {
  @BeforeAll
  static void requireTools() {
    Machine.requireRootAnd("containerd", "runc", "ctr");
  }

  private static BuiltImage shell(Path folder) throws Exception {
    Path tree = Files.createDirectory(folder.resolve("tree"));
    Command.of(
            "sh",
            "-ec",
            """
            mkdir bin proc dev sys
            cp -L /bin/sh /bin/sleep bin/
            for file in $(ldd /bin/sh /bin/sleep | grep -o '/[^ :]*'); do
              mkdir -p ".$(dirname "$file")"
              cp -L "$file" ".$file"
            done
            """)
        .in(tree)
        .runOrThrow();
    BuiltLayer layer = BuiltLayer.pack(tree, EstargzOptions.DEFAULT, folder.resolve("layer"));
    return new BuiltImage(List.of(layer), List.of("/bin/sh"));
  }

  @Test
  void close_containersRunning_leavesNothing() throws Exception {
    try (ScratchFolder scratch = ScratchFolder.create("containerd-test");
        TestRegistry registry = TestRegistry.start()) {
      TestImage image = shell(scratch.path()).serve(registry, "shell", "1");
      String reference = registry.reference(image);
      try (PrivateContainerd containerd = PrivateContainerd.start(scratch.path().resolve("c"))) {
        containerd.ctr("images", "pull", "--plain-http", reference).runOrThrow();
        String said =
            containerd
                .run("overlayfs", List.of("--rm"), reference, "a", "/bin/sh", "-c", "echo here")
                .runOrThrow()
                .text();
        containerd
            .run("overlayfs", List.of("--detach"), reference, "b", "/bin/sleep", "1000")
            .runOrThrow();
        assertThat(said).isEqualTo("here");
        while (Shims.serving(containerd.socket()).size() > 1) {
          Thread.sleep(20); // that of a container that has ended goes by itself, a little later
        }
        assertThat(Shims.serving(containerd.socket())).hasSize(1);
      }

      assertThat(Shims.serving(scratch.path().resolve("c/c.sock"))).isEmpty();
      assertThat(ScratchFolder.mountsBelow(scratch.path())).isEmpty();
    }
  }

  @Test
  void remove_containerOfTheSameNameElsewhere_runsOn() throws Exception {
    try (ScratchFolder scratch = ScratchFolder.create("containerd-test");
        TestRegistry registry = TestRegistry.start()) {
      TestImage image = shell(scratch.path()).serve(registry, "shell", "1");
      String reference = registry.reference(image);
      try (PrivateContainerd one = PrivateContainerd.start(scratch.path().resolve("one"));
          PrivateContainerd two = PrivateContainerd.start(scratch.path().resolve("two"))) {
        for (PrivateContainerd containerd : List.of(one, two)) {
          containerd.ctr("images", "pull", "--plain-http", reference).runOrThrow();
          containerd
              .run("overlayfs", List.of("--detach"), reference, "a", "/bin/sleep", "1000")
              .runOrThrow();
        }

        one.remove("a");

        two.ctr("tasks", "exec", "--exec-id", "b", "a", "/bin/sh", "-c", ":").runOrThrow();
      }
    }
  }
}
