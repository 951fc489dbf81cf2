package dev.asterism.cli.e2e;

import static dev.asterism.cli.e2e.NodeBehindLink.await;
import static dev.asterism.cli.e2e.NodeBehindLink.lazy;
import static dev.asterism.cli.e2e.NodeBehindLink.random;
import static dev.asterism.testkit.layer.Entry.dir;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.image.HostPrograms;
import dev.asterism.testkit.kubernetes.ApiServer;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.Target;
import dev.asterism.testkit.registry.TestAuthority;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// Where a daemon's layers come from, who lets it in and what it takes unverified, as its
/// `config.toml` says: each seen by a container.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ConfiguredSourcesTest {
  /// Nothing comes but what is read, and nothing is waited for.
  private static final String TABLES =
      """
      [learned]
      disable = true
      [outage]
      mode = "fail"
      [blob]
      max_retries = 1
      """;

  private static final String KEYS = "no_background_fetch = true\nnoprefetch = true\n";
  private static final String FIRST = "the-first-word";
  private static final String SECOND = "another-secret";

  private final Cleanup cleanup = Cleanup.open();
  private Path folder;
  private TestAuthority authority;
  private SSLContext tls;
  private TestLayer programs;
  private TestNode node;
  private String pulled = "";

  @BeforeAll
  void start() throws IOException, InterruptedException {
    Machine.requireRootAnd("containerd", "runc", "ctr-remote", "ldd", "keytool");
    ScratchFolder scratch = ScratchFolder.create("asterism-sources");
    cleanup.add(scratch::close);
    folder = scratch.path();
    authority = TestAuthority.create(Files.createDirectory(folder.resolve("authority")));
    tls = authority.server("ip:127.0.0.1");
    programs =
        lazy(
            HostPrograms.layer(
                    Path.of("/bin/sh"), Path.of("/bin/sleep"), Path.of("/usr/bin/sha256sum"))
                .estargz(EstargzOptions.DEFAULT));
    node = TestNode.start("", Map.of("DOCKER_CONFIG", folder.resolve("nobody").toString()));
    cleanup.add(node::close);
  }

  @AfterEach
  void empty() throws IOException, InterruptedException {
    node.removeContainers();
    removePulled();
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  private void removePulled() throws IOException, InterruptedException {
    if (!pulled.isEmpty()) {
      node.removeImage(pulled);
      pulled = "";
    }
  }

  /// Goes on with a daemon of this configuration.
  private void begin(String keys, String tables) throws IOException, InterruptedException {
    node.stopDaemon();
    node.configure(KEYS + keys + TABLES + tables);
    node.startDaemon();
    node.awaitReconnection();
  }

  /// A layer of three files, none of which comes with another.
  private static Layer.EstargzBlob own(int seed) {
    return Layer.of(
            dir("data"),
            file("data/one", content(seed, 1)),
            file("data/two", content(seed, 2)),
            file("data/three", content(seed, 3)))
        .estargz(EstargzOptions.DEFAULT.withLevel(1));
  }

  private static byte[] content(int seed, int file) {
    return random(10 * seed + file, 900_000);
  }

  private String serve(TestRegistry registry, String host, String repository, TestLayer own) {
    return registry.reference(
        registry.image(repository, "1", ImageConfig.running("/bin/sh"), List.of(programs, own)),
        host);
  }

  private static String sum(int seed, int file) {
    return Digest.of(content(seed, file)).hex();
  }

  private Outcome read(String container, String file) throws IOException, InterruptedException {
    return node.execute(container, "sha256sum /data/" + file);
  }

  /// Pulls with our own client, which knows hosts and labels as containerd does.
  private void rpull(String image, String... words) throws IOException, InterruptedException {
    pulled = image;
    Asterism.command("rpull", "--snapshotter", TestNode.ASTERISM)
        .with("--containerd-address", node.containerd().socket().toString())
        .with(words)
        .with(image)
        .runOrThrow();
  }

  @Test
  void secrets_ofACluster_letTheDaemonInAndAreFollowed() throws IOException, InterruptedException {
    try (ApiServer api = ApiServer.start(tls);
        TestRegistry registry = TestRegistry.start()) {
      registry.requireBasic("team", FIRST);
      String image = serve(registry, registry.host(), "secret/of", lazy(own(1)));
      api.put("apps", "pull", login(registry.host(), FIRST));
      begin(
          "",
          """
          [kubeconfig_keychain]
          enable_keychain = true
          kubeconfig_path = "%s"
          """
              .formatted(kubeconfig(api)));
      await(() -> api.requests().stream().anyMatch(query -> query.contains("watch=true")));
      pulled = image;
      node.pulling(image).with("--user", "team:" + FIRST).runOrThrow();
      assertThat(node.prepared()).hasSize(2).doesNotContainValue(false);
      String container = node.startIdle(image);
      assertThat(read(container, "one").orThrow().text()).startsWith(sum(1, 1));

      registry.requireBasic("team", SECOND);
      assertThat(read(container, "two").exitCode()).isNotZero();

      api.put("apps", "pull", login(registry.host(), SECOND));
      await(() -> read(container, "two").exitCode() == 0);
      assertThat(read(container, "three").orThrow().text()).startsWith(sum(1, 3));
      assertThat(node.log()).doesNotContain(FIRST, SECOND);
    }
  }

  private static String login(String host, String password) {
    return "{\"auths\":{\"%s\":{\"username\":\"team\",\"password\":\"%s\"}}}"
        .formatted(host, password);
  }

  private Path kubeconfig(ApiServer api) throws IOException {
    return Files.writeString(
        folder.resolve("kubeconfig"),
        api.kubeconfig(authority.certificate(), "{token: of-the-node}"));
  }

  /// The first host is not there, the second one is known by an authority of its own.
  @Test
  void hosts_ofContainerdsFolder_areWhereLayersComeFrom() throws IOException, InterruptedException {
    Path hosts = folder.resolve("certs.d");
    Path named = Files.createDirectories(hosts.resolve("registry.example"));
    Files.writeString(named.resolve("ours.pem"), authority.certificate());
    try (TestRegistry registry = TestRegistry.start(tls)) {
      TestLayer own = lazy(own(2));
      String image = serve(registry, "registry.example", "hosts/of", own);
      Files.writeString(
          named.resolve("hosts.toml"),
          """
          [host."https://127.0.0.1:1"]
            capabilities = ["pull", "resolve"]
          [host."https://%1$s"]
            capabilities = ["pull", "resolve"]
            ca = "ours.pem"
            [host."https://%1$s".header]
              x-node = "seven"
          """
              .formatted(registry.host()));
      begin("", "[resolver]\nconfig_path = \"%s\"\n".formatted(hosts));

      rpull(image, "--hosts-dir", hosts.toString());

      assertThat(node.prepared()).hasSize(2).doesNotContainValue(false);
      registry.traffic().reset();
      assertThat(node.run(TestNode.ASTERISM, image, "sha256sum /data/two")).startsWith(sum(2, 2));
      assertThat(registry.traffic().list(Target.blob(own.content().digest())))
          .isNotEmpty()
          .allSatisfy(request -> assertThat(request.own()).containsEntry("x-node", "seven"));
    }
  }

  /// A layer whose manifest pins no TOC is unpacked as usual, unless that is allowed and asked for.
  @Test
  void layer_withoutATocDigest_isLazyOnlyWhereThatIsAllowed()
      throws IOException, InterruptedException {
    Layer.EstargzBlob blob = own(3);
    String layer = blob.digest().toString();
    try (TestRegistry registry = TestRegistry.start()) {
      String image =
          serve(registry, registry.host(), "unverified/of", TestLayer.gzip(blob.bytes()));
      begin("", "");
      rpull(image, "--skip-content-verify");
      assertThat(node.prepared()).containsEntry(layer, false);
      removePulled();

      begin("allow_no_verification = true\n", "");
      rpull(image);
      assertThat(node.prepared()).containsEntry(layer, false);
      removePulled();
      rpull(image, "--skip-content-verify");
      isLazyAndSharesNothing(image, layer);
      removePulled();

      begin("disable_verification = true\n", "");
      rpull(image);
      isLazyAndSharesNothing(image, layer);
    }
  }

  private void isLazyAndSharesNothing(String image, String layer)
      throws IOException, InterruptedException {
    assertThat(node.prepared()).containsEntry(layer, true);
    assertThat(node.run(TestNode.ASTERISM, image, "sha256sum /data/one")).startsWith(sum(3, 1));
    assertThat(
            Command.of("find", node.root().resolve("cache").toString(), "-ignore_readdir_race")
                .with("-name", sum(3, 1))
                .runOrThrow()
                .text())
        .isEmpty();
  }
}
