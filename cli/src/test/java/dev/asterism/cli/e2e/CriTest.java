package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.cli.e2e.cri.NamespaceMode;
import dev.asterism.cli.e2e.cri.PodSandboxConfig;
import dev.asterism.estargz.Annotations;
import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.image.HostPrograms;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A node as Kubernetes has it: kubelet asks the daemon for images and containerd for pods, and
/// docker-registry gives nothing without a token.
@Tag("kernel")
@TestInstance(TestInstance.Lifecycle.PER_CLASS) // one node for all: each test leaves nothing
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CriTest {
  private static final String USER = "team";
  private static final String PASSWORD = "a-secret-of-the-pod";
  private static final String READ = "file -b /usr/bin/less; sha256sum /usr/bin/perl";

  /// Files that no other test reads, against what their packages say.
  private static final String OTHERS = check("usr/share/doc/");

  private final Cleanup cleanup = Cleanup.open();
  private TokenService tokens;
  private DockerRegistry registry;
  private PodNetwork network;
  private TestNode node;
  private Kubelet kubelet;
  private Path scratch;
  private String image;
  private String pause;

  private static String check(String files) {
    return "cd /; cat var/lib/dpkg/info/*.md5sums | grep %s | md5sum --check --quiet --ignore-missing && echo right"
        .formatted(files);
  }

  @BeforeAll
  void start() throws IOException, InterruptedException {
    Machine.requireRootAnd("ip");
    Path storage = RealImage.storage();
    ScratchFolder folder = ScratchFolder.create("asterism-cri");
    cleanup.add(folder::close);
    scratch = folder.path();
    tokens = TokenService.start(USER, PASSWORD);
    cleanup.add(tokens::close);
    registry = DockerRegistry.start(storage, tokens);
    cleanup.add(registry::close);
    TestRegistry system = TestRegistry.start();
    cleanup.add(system::close);
    pause = pauseImage(system);
    image = registry.reference(RealImage.LAZY);
    network = PodNetwork.in(scratch.resolve("cni"));
    cleanup.add(network::close);
    node =
        TestNode.start(
            "no_background_fetch = true\n",
            new PrivateContainerd.Cri(
                TestNode.ASTERISM,
                pause,
                registries(registry.host(), system.host()),
                network.configuration(),
                PodNetwork.PLUGINS));
    cleanup.add(node::close);
    kubelet = new Kubelet(node.socket(), node.containerd().socket(), scratch.resolve("logs"));
    cleanup.add(kubelet::close);
  }

  @AfterEach
  void empty() {
    kubelet.removeAll();
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  /// Something that does nothing until it is killed, as an eStargz image.
  private static String pauseImage(TestRegistry system) throws IOException, InterruptedException {
    Layer.EstargzBlob layer = HostPrograms.layer(Path.of("/bin/sleep")).estargz();
    return system.reference(
        system.image(
            "system/pause",
            "1",
            ImageConfig.running("/bin/sleep", "infinity"),
            List.of(
                TestLayer.gzip(layer.bytes())
                    .annotated(Annotations.TOC_DIGEST, layer.tocDigest().toString()))));
  }

  private Path registries(String... hosts) throws IOException {
    Path folder = scratch.resolve("certs.d");
    for (String host : hosts) {
      Path file = Files.createDirectories(folder.resolve(host)).resolve("hosts.toml");
      Files.writeString(
          file,
          """
          server = "http://%1$s"
          [host."http://%1$s"]
            capabilities = ["pull", "resolve"]
          """
              .formatted(host));
    }
    return folder;
  }

  @Test
  void pod_withASecret_runsOnLazyLayersAndLeavesNothing() throws Exception {
    kubelet.pull(image, USER, PASSWORD);
    PodSandboxConfig pod = kubelet.pod("pod", NamespaceMode.POD);
    String id = kubelet.run(pod);
    String container = kubelet.start(id, pod, "app", image, "sleep", "infinity");

    assertThat(kubelet.address(id)).startsWith("10.231.77.");
    assertThat(kubelet.execute(container, READ)).contains("ELF").contains("/usr/bin/perl");
    assertThat(kubelet.execute(container, "hostname; echo written > /written; cat /written"))
        .isEqualTo("pod\nwritten");
    assertThat(node.prepared()).hasSize(RealImage.LAYERS + 1).doesNotContainValue(false);
    assertThat(node.log()).doesNotContain(PASSWORD);
    assertThat(network.interfaces()).hasSize(1);
    assertThat(Files.readString(scratch.resolve("logs/pod/app.log"))).isEmpty();

    kubelet.removeContainer(container);
    kubelet.removePod(id);
    assertThat(kubelet.podsAndContainers()).isZero();
    assertThat(kubelet.listImages()).contains(image, pause);
    kubelet.removeImage(image);
    kubelet.removeImage(pause);

    assertThat(kubelet.listImages()).isEmpty();
    assertThat(network.addresses()).isEmpty();
    assertThat(network.interfaces()).isEmpty();
    assertThat(left()).isEmpty();
  }

  @Test
  void pods_onTheNodesNetwork_shareWhatOneHasRead() throws Exception {
    kubelet.pull(image, USER, PASSWORD);
    PodSandboxConfig first = kubelet.pod("first", NamespaceMode.NODE);
    PodSandboxConfig second = kubelet.pod("second", NamespaceMode.NODE);
    String one = kubelet.run(first);
    String two = kubelet.run(second);
    String reader = kubelet.start(one, first, "app", image, "sleep", "infinity");
    String text = kubelet.execute(reader, READ);
    registry.stop();

    String again = kubelet.start(two, second, "app", image, "sleep", "infinity");

    assertThat(kubelet.execute(again, READ)).isEqualTo(text);
    registry.restart();
    kubelet.removePod(one);
    kubelet.removePod(two);
    assertThat(kubelet.podsAndContainers()).isZero();
    kubelet.removeImage(image);
    kubelet.removeImage(pause);
    assertThat(left()).isEmpty();
  }

  /// For a containerd that knows users of a pod's own, which is in no package of Debian 12: 1.7 or
  /// later, with its `ctr` and its shim before the others in `PATH`, and `./dev test
  /// -Dexcluded.tags= -Dtest=CriTest -pl cli -am`.
  @Test
  @Tag("containerd17")
  void pod_withUsersOfItsOwn_ownsTheLazyFiles() throws Exception {
    kubelet.pull(image, USER, PASSWORD);
    // Its root must reach the rootfs through folders of a root that it is not.
    Command.of("chmod", "711", node.root().resolveSibling(".").toString()).runOrThrow();
    PodSandboxConfig pod = kubelet.podWithUsersOfItsOwn("mapped", 100_000);
    String id = kubelet.run(pod);
    String container = kubelet.start(id, pod, "app", image, "sleep", "infinity");

    assertThat(
            kubelet
                .execute(
                    container,
                    "cat /proc/self/uid_map; stat -c '%u:%g %n' / /bin/sh /usr/bin/perl;"
                        + " echo new > /new; stat -c '%u %n' /new; "
                        + READ)
                .replaceAll("[ \t]+", " ")
                .lines()
                .map(String::strip)
                .limit(5))
        .containsExactly("0 100000 65536", "0:0 /", "0:0 /bin/sh", "0:0 /usr/bin/perl", "0 /new");

    kubelet.removePod(id);
    kubelet.removeImage(image);
    kubelet.removeImage(pause);
    assertThat(left()).isEmpty();
  }

  @Test
  void pull_withoutTheSecret_isRefusedAndSaysSo() {
    int before = tokens.issued();

    assertThatThrownBy(() -> kubelet.pull(image))
        .hasMessageContaining("401")
        .hasMessageContaining(registry.host());
    assertThat(kubelet.listImages()).isEmpty();
    assertThat(tokens.issued()).isEqualTo(before);
    assertThat(tokens.refused()).isPositive();
  }

  @Test
  void read_whenTheTokensCountNoLonger_asksAgainWithThePodsSecret() throws Exception {
    kubelet.pull(image, USER, PASSWORD);
    PodSandboxConfig pod = kubelet.pod("pod", NamespaceMode.NODE);
    String id = kubelet.run(pod);
    String container = kubelet.start(id, pod, "app", image, "sleep", "infinity");
    registry.stop();
    tokens.changeKey();
    registry.restart();
    int issued = tokens.issued();
    // What others try in vain takes nothing from this pod.
    assertThatThrownBy(() -> kubelet.pull(image, USER, "a-guess"));
    assertThatThrownBy(() -> kubelet.pull(image));
    int refused = tokens.refused();

    assertThat(kubelet.execute(container, OTHERS)).isEqualTo("right");

    assertThat(tokens.issued()).isGreaterThan(issued);
    assertThat(tokens.refused()).isEqualTo(refused);
    assertThat(registry.traffic().requests()).isPositive();
    assertThat(node.log()).doesNotContain(PASSWORD);
    kubelet.removePod(id);
    kubelet.removeImage(image);
    kubelet.removeImage(pause);
    assertThat(left()).isEmpty();
  }

  /// Lists what should have gone with the last pod and image: snapshots, mounts, directories,
  /// namespaces and processes.
  private List<String> left() throws IOException, InterruptedException {
    while (processes().findAny().isPresent()) {
      Thread.sleep(20); // containerd does not wait for the end of a shim; our time limit ends this
    }
    Path containerd = node.containerd().root().resolveSibling("state");
    List<String> snapshots =
        node.containerd()
            .ctr("--namespace", "k8s.io", "snapshots", "--snapshotter", TestNode.ASTERISM, "ls")
            .runOrThrow()
            .text()
            .lines()
            .skip(1)
            .toList();
    Stream<String> files =
        Stream.of("chains", "layers", "cache/layers", "snapshots").flatMap(this::content);
    return Stream.of(
            snapshots.stream(),
            node.layerMounts().stream(),
            ScratchFolder.mountsBelow(containerd).stream(),
            files)
        .flatMap(lines -> lines)
        .toList();
  }

  private Stream<String> content(String directory) {
    try {
      return node.content(directory).stream().map(name -> directory + "/" + name);
    } catch (IOException e) {
      return Stream.of(e.toString());
    }
  }

  /// Finds shims of this containerd, and what is in a container of the image.
  private Stream<String> processes() {
    String socket = node.containerd().socket().toString();
    return ProcessHandle.allProcesses()
        .map(process -> Path.of("/proc/" + process.pid() + "/cmdline"))
        .map(CriTest::words)
        .filter(line -> line.contains("containerd-shim") && line.contains(socket));
  }

  private static String words(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).replace('\0', ' ');
    } catch (IOException _) {
      return ""; // it has ended
    }
  }

  /// What kubelet pulled with outlives the daemon: the container reads on without another pull.
  @ParameterizedTest
  @EnumSource
  void read_afterTheDaemonIsBack_asksWithThePodsSecret(PulledImage.End end) throws Exception {
    kubelet.pull(image, USER, PASSWORD);
    PodSandboxConfig pod = kubelet.pod("pod", NamespaceMode.NODE);
    String id = kubelet.run(pod);
    String container = kubelet.start(id, pod, "app", image, "sleep", "infinity");
    end.of(node);
    node.forgetContent();
    int issued = tokens.issued();
    int refused = tokens.refused();
    node.startDaemon();

    assertThat(kubelet.execute(container, check("usr/sbin/"))).isEqualTo("right");

    assertThat(tokens.issued()).isGreaterThan(issued);
    assertThat(tokens.refused()).isEqualTo(refused);
    assertThat(node.log()).contains("logins of former pulls taken over").doesNotContain(PASSWORD);
    assertThat(Files.exists(node.root().resolve("keeper-logins"))).isTrue();
    node.awaitReconnection();
    kubelet.removePod(id);
    kubelet.removeImage(image);
    kubelet.removeImage(pause);
    assertThat(left()).isEmpty();
  }
}
