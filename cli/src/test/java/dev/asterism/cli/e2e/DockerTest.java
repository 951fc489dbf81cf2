package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// Images that Asterism made, in Debian's docker: pulled from a registry, and loaded from a file.
@Tag("kernel")
@Tag("docker")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class DockerTest {
  /// All that a container reads of its image: names, kinds, rights, owners, and contents; without
  /// what docker and the layer's format put there.
  private static final String TREE =
      """
      cd /
      find . -xdev ! -path './dev*' ! -path './etc' ! -path './etc/hosts' ! -path './etc/hostname' \\
        ! -path './etc/resolv.conf' ! -path './etc/mtab' ! -name .dockerenv ! -path . ! -path ./proc ! -path ./sys \\
        ! -name .no.prefetch.landmark ! -name .prefetch.landmark ! -name stargz.index.json \\
        -printf '%p %y %m %U:%G %l %s@%T@\\n' | sed '/ d /s/ [0-9]*@/ @/; s/\\.[0-9]*$//' | sort
      find . -xdev -type f ! -path './dev*' ! -path './etc/host*' ! -path './etc/resolv.conf' \\
        ! -name .dockerenv ! -name '.*prefetch.landmark' ! -name stargz.index.json \\
        -exec sha256sum {} + | sort
      """;

  private final Cleanup cleanup = Cleanup.open();
  private ScratchFolder scratch;
  private DockerRegistry pushed;
  private Docker docker;
  private String plain;
  private String converted;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    Path storage = RealImage.storage();
    scratch = ScratchFolder.create("asterism-for-docker");
    cleanup.add(scratch::close);
    DockerRegistry source = DockerRegistry.start(storage);
    cleanup.add(source::close);
    pushed = DockerRegistry.startWritable(scratch.path().resolve("registry"));
    cleanup.add(pushed::close);
    plain = source.reference(RealImage.PLAIN);
    converted = pushed.reference("tools:1");
    Asterism.command("convert", "--level", "1", "--rebuild")
        .with("--temporary", scratch.path().resolve("spools").toString(), plain, converted)
        .runOrThrow();
    docker = Docker.start();
    cleanup.add(docker::close);
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  @Test
  void pull_ofAnEstargzImage_isTheImageBefore() throws IOException, InterruptedException {
    docker.command("pull", "--quiet", plain).runOrThrow();
    docker.command("pull", "--quiet", converted).runOrThrow();
    Set<String> before = tree(plain);
    Set<String> after = tree(converted);
    assertThat(before).hasSizeGreaterThan(5000);
    assertThat(minus(after, before)).isEmpty();
    assertThat(minus(before, after)).isEmpty();
  }

  @Test
  void load_ofAnArchive_hasItsNameAndRuns() throws IOException, InterruptedException {
    Path archive = scratch.path().resolve("tools.tar");
    String name = "registry.example:5000/tools:loaded";
    Asterism.command("copy", converted, "oci-archive:" + archive + ":" + name).runOrThrow();
    assertThat(docker.command("load", "--input", archive.toString()).runOrThrow().text())
        .contains("Loaded image: " + name);
    assertThat(docker.run(name, "file -b /bin/sh; less --version").text())
        .contains("symbolic link", "less");
  }

  private Set<String> tree(String image) throws IOException, InterruptedException {
    return docker.run(image, TREE).text().lines().collect(Collectors.toSet());
  }

  private static Set<String> minus(Set<String> lines, Set<String> others) {
    Set<String> left = new TreeSet<>(lines);
    left.removeAll(others);
    return left;
  }
}
