package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `directory_cache.scope = "namespace"`, with two namespaces of containerd that have one image.
@Tag("kernel")
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class NamespaceScopeTest {
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(61), 300_000);
  private static final byte[] SMALL = RandomTrees.content(Seeds.generator(62), 3_000);
  private static final String OTHER = "team-b";
  private static final String CONFIGURATION =
      """
      no_background_fetch = true
      noprefetch = true
      [directory_cache]
      scope = "namespace"
      [outage]
      mode = "fail"
      [blob]
      max_retries = 1
      """;

  private final Cleanup cleanup = Cleanup.open();
  private TestRegistry registry;
  private TestNode node;
  private String image;
  private String top;

  @BeforeEach
  void start() throws IOException, InterruptedException {
    registry = TestRegistry.start();
    cleanup.add(registry::close);
    Layer.EstargzBlob blob =
        Layer.of(Entry.file("srv/small", SMALL), Entry.file("srv/big", BIG))
            .estargz(EstargzOptions.DEFAULT);
    TestLayer layer =
        TestLayer.gzip(blob.bytes()).annotated(Annotations.TOC_DIGEST, blob.tocDigest().toString());
    image =
        registry.reference(
            registry.image("shared/of", "1", ImageConfig.running("/bin/sh"), List.of(layer)));
    top = Images.chainId(image);
    node = TestNode.start(CONFIGURATION);
    cleanup.add(node::close);
  }

  @AfterEach
  void end() throws IOException {
    cleanup.close();
  }

  /// An image's root in a namespace, as containerd says that it is mounted.
  private Path mount(String namespace) throws IOException, InterruptedException {
    node.containerd()
        .ctrRemote("--namespace", namespace, "image", "rpull", "--plain-http")
        .with("--snapshotter", TestNode.ASTERISM, image)
        .runOrThrow();
    Command snapshots =
        node.containerd()
            .ctr("--namespace", namespace, "snapshots", "--snapshotter", TestNode.ASTERISM);
    snapshots.with("prepare", "of-" + namespace, top).runOrThrow();
    Path folder = Files.createDirectory(node.root().resolveSibling("mounted-" + namespace));
    String command =
        snapshots.with("mounts", folder.toString(), "of-" + namespace).runOrThrow().text();
    cleanup.add(() -> ScratchFolder.unmountBelow(folder));
    Command.of("sh", "-c", command).runOrThrow();
    return folder;
  }

  private static Outcome read(Path folder, String file) throws IOException, InterruptedException {
    return Command.of("cat", folder.resolve(file).toString()).run();
  }

  private static byte[] content(Path folder, String file) throws IOException, InterruptedException {
    return read(folder, file).orThrow().out();
  }

  private String ask(String socket, String... words) throws IOException, InterruptedException {
    return Asterism.command(words)
        .with("--admin-address", node.root().resolveSibling(socket).toString())
        .runOrThrow()
        .text();
  }

  private Set<Object> objects(String namespace) throws IOException {
    Path objects = node.root().resolve("namespaces").resolve(namespace).resolve("cache/objects");
    try (Stream<Path> files = Files.walk(objects)) {
      List<Object> inodes = new ArrayList<>();
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        inodes.add(Files.getAttribute(file, "unix:ino"));
      }
      return inodes.stream().collect(Collectors.toSet());
    }
  }

  @Test
  void read_ofWhatAnotherNamespaceHas_asksTheRegistry() throws IOException, InterruptedException {
    Path first = mount("default");
    assertThat(content(first, "srv/small")).isEqualTo(SMALL);
    assertThat(content(first, "srv/big")).isEqualTo(BIG);
    Path second = mount(OTHER);

    registry.refuseConnections();
    assertThat(read(second, "srv/small").exitCode()).as("not had by its own registry").isNotZero();
    assertThat(read(second, "srv/big").exitCode()).isNotZero();
    assertThat(content(first, "srv/big")).as("had, and needs no registry").isEqualTo(BIG);

    registry.up();
    assertThat(content(second, "srv/small")).isEqualTo(SMALL);
    assertThat(content(second, "srv/big")).isEqualTo(BIG);
    Set<Object> both = objects("default");
    both.retainAll(objects(OTHER));
    assertThat(objects(OTHER)).hasSize(2);
    assertThat(both).as("files of both").isEmpty();
  }

  @Test
  void daemon_thatIsKilled_hasBothNamespacesAgain() throws IOException, InterruptedException {
    Path first = mount("default");
    Path second = mount(OTHER);
    assertThat(content(first, "srv/small")).isEqualTo(SMALL);
    registry.refuseConnections();

    node.killDaemon();
    node.startDaemon();
    node.awaitReconnection();

    assertThat(content(first, "srv/small")).isEqualTo(SMALL);
    assertThat(read(second, "srv/small").exitCode()).isNotZero();
    registry.up();
    assertThat(content(first, "srv/big")).isEqualTo(BIG);
    assertThat(content(second, "srv/big")).isEqualTo(BIG);
  }

  @Test
  void daemon_underAServiceManager_hasEachNamespacesGateAgain()
      throws IOException, InterruptedException {
    ServiceManagerStore store = ServiceManagerStore.start();
    cleanup.add(store::close);
    node = TestNode.start(CONFIGURATION, store.launcher(64));
    cleanup.add(node::close);
    Path first = mount("default");
    Path second = mount(OTHER);
    assertThat(store.said())
        .contains("FDSTORE=1 FDNAME=asterism-gate-default descriptors=1")
        .contains("FDSTORE=1 FDNAME=asterism-gate-team-b descriptors=1");

    node.killDaemon();
    node.startDaemon();
    node.awaitReconnection();

    assertThat(node.log().lines().filter(line -> line.contains("gate taken over"))).hasSize(2);
    assertThat(content(first, "srv/big")).isEqualTo(BIG);
    assertThat(content(second, "srv/big")).isEqualTo(BIG);
  }

  @Test
  void status_ofTheDaemon_tellsTheNamespacesApart() throws IOException, InterruptedException {
    Path first = mount("default");
    mount(OTHER);
    assertThat(content(first, "srv/big")).isEqualTo(BIG);

    assertThat(ask("admin.sock", "status"))
        .contains("namespace default: " + image, "namespace team-b: " + image);
    assertThat(ask("admin-team-b.sock", "status"))
        .contains(image)
        .doesNotContain("namespace team-b");
    String metrics =
        Command.of("curl", "--silent", "--unix-socket")
            .with(node.root().resolveSibling("admin.sock").toString(), "http://asterism/metrics")
            .runOrThrow()
            .text();
    assertThat(metrics)
        .contains(
            "asterism_layers_mounted{namespace=\"default\"} 1.0",
            "asterism_layers_mounted{namespace=\"team-b\"} 1.0",
            "asterism_cache_bytes_added_total{namespace=\"team-b\"} 0.0");
    assertThat(metrics)
        .contains("asterism_cache_bytes_added_total{namespace=\"default\"}")
        .doesNotContain("asterism_cache_bytes_added_total{namespace=\"default\"} 0.0");
    assertThat(metrics.lines().filter(line -> line.startsWith("# TYPE asterism_cache_bytes ")))
        .hasSize(1);
  }

  @Test
  void remove_ofAnImageInOneNamespace_leavesTheOtherUntilItGoesToo()
      throws IOException, InterruptedException {
    Path second = mount(OTHER);
    Path first = mount("default");
    ScratchFolder.unmountBelow(first);
    node.containerd()
        .ctr("snapshots", "--snapshotter", TestNode.ASTERISM, "rm", "of-default")
        .runOrThrow();
    node.removeImage(image);
    assertThat(content(second, "srv/big")).isEqualTo(BIG);

    ScratchFolder.unmountBelow(second);
    String[] words = {"--namespace", OTHER, "snapshots", "--snapshotter", TestNode.ASTERISM};
    node.containerd().ctr(words).with("rm", "of-" + OTHER).runOrThrow();
    node.containerd().ctr("--namespace", OTHER, "images", "rm", "--sync", image).runOrThrow();
    for (String namespace : List.of("default", OTHER)) {
      assertThat(node.content("namespaces/" + namespace + "/layers")).isEmpty();
      assertThat(node.content("namespaces/" + namespace + "/snapshots")).isEmpty();
    }
  }

  @Test
  void daemon_ofTheOtherScope_refusesTheRoot() throws IOException, InterruptedException {
    mount("default");
    node.stopDaemon();
    Path everybody =
        Files.writeString(
            node.root().resolveSibling("node.toml"), "directory_cache.scope = \"node\"\n");
    Outcome refused =
        Asterism.command("daemon", "--no-exercise", "--root", node.root().toString())
            .with("--address", node.socket().toString(), "--config", everybody.toString())
            .run();
    assertThat(refused.exitCode()).isNotZero();
    assertThat(refused.text() + refused.errorText()).contains("directory_cache.scope", "\"node\"");
    node.startDaemon();
    node.awaitReconnection();
  }
}
