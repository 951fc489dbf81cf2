package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.e2e.FaultyProxy.Harm;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// A real image of Debian's docker-registry, which gives nothing without a token, pulled and read
/// through a proxy that harms the answers. What is read is compared with what the packages say of
/// it. Each test begins with an empty store.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class FaultyRegistryTest {
  private static final String USER = "reader";
  private static final String PASSWORD = "a-secret-of-the-node";
  private static final String CHECK =
      "cd /; cat var/lib/dpkg/info/*.md5sums | grep %s"
          + " | md5sum --check --quiet --ignore-missing && echo right";

  private final Cleanup cleanup = Cleanup.open();
  private TokenService tokens;
  private DockerRegistry registry;
  private FaultyProxy proxy;
  private String host;
  private String image;
  private Path auth;
  private TestNode node;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    Path storage = RealImage.storage();
    tokens = TokenService.start(USER, PASSWORD);
    cleanup.add(tokens::close);
    registry = DockerRegistry.start(storage, tokens);
    cleanup.add(registry::close);
    proxy = FaultyProxy.start(registry.host());
    cleanup.add(proxy::close);
    image = proxy.reference(RealImage.LAZY);
    host = image.substring(0, image.indexOf('/'));
    ScratchFolder folder = ScratchFolder.create("asterism-auth");
    cleanup.add(folder::close);
    auth = Files.writeString(folder.path().resolve("auth.json"), login());
    node = TestNode.start(configuration("fail"));
    cleanup.add(node::close);
    proxy.follow(FaultyProxy.MIXED);
    node.containerd()
        .ctrRemote("image", "rpull", "--plain-http", "--user", USER + ":" + PASSWORD)
        .with("--snapshotter", TestNode.ASTERISM, image)
        .runOrThrow();
    assertThat(node.prepared()).hasSize(RealImage.LAYERS).doesNotContainValue(false);
  }

  private String login() {
    byte[] word = (USER + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8);
    return "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}"
        .formatted(host, Base64.getEncoder().encodeToString(word));
  }

  /// Nothing is fetched that nobody reads.
  private String configuration(String outage) {
    return """
    no_background_fetch = true
    noprefetch = true
    [learned]
    disable = true
    [resolver]
    auth_file = "%s"
    [outage]
    mode = "%s"
    """
        .formatted(auth, outage);
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  /// Starts a daemon that has nothing of what the last test has read.
  private void begin(String outage) throws IOException, InterruptedException {
    node.stopDaemon();
    node.forgetContent();
    node.configure(configuration(outage));
    node.startDaemon();
    node.awaitReconnection();
  }

  @AfterEach
  void harmNothing() throws IOException, InterruptedException {
    proxy.follow(_ -> Harm.NONE);
    assertThat(node.log()).doesNotContain(PASSWORD);
    node.removeContainers();
  }

  @Test
  void read_answersAreHarmedInEveryWay_givesTheRightBytes()
      throws IOException, InterruptedException {
    begin("fail");
    proxy.follow(FaultyProxy.MIXED);

    assertThat(node.run(TestNode.ASTERISM, image, CHECK.formatted("usr/")))
        .isEqualToIgnoringNewLines("right");

    for (Harm harm : Harm.values()) {
      assertThat(proxy.count(harm)).as("%s", harm).isPositive();
    }
  }

  @Test
  void read_tokensExpireMeanwhile_asksForNewOnesAndGivesTheRightBytes() throws Exception {
    begin("bounded");
    String container = node.startIdle(image);
    CompletableFuture<Outcome> reader =
        CompletableFuture.supplyAsync(() -> {
          try {
            return node.execute(container, CHECK.formatted("usr/share/"));
          } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
    int before = proxy.count(Harm.NONE);
    while (proxy.count(Harm.NONE) < before + 3 && !reader.isDone()) {
      Thread.sleep(1); // the test's own time limit ends this
    }
    int issued = tokens.issued();
    registry.stop();
    tokens.changeKey();
    registry.restart();

    assertThat(reader.get().orThrow().text()).isEqualToIgnoringNewLines("right");
    assertThat(node.execute(container, CHECK.formatted("usr/lib/")).orThrow().text())
        .isEqualToIgnoringNewLines("right");
    assertThat(tokens.issued()).isGreaterThan(issued);
    assertThat(tokens.refused()).isZero();
  }

  /// Reads with a program that has all of its own pages: one that has not is ended by SIGBUS, and
  /// says nothing.
  @Test
  void read_everyAnswerIsRefused_isAnErrorThatSaysWhy() throws IOException, InterruptedException {
    begin("fail");
    String container = node.startIdle(image);
    node.execute(container, "md5sum /etc/passwd; md5sum /nowhere || true").orThrow();
    proxy.follow(_ -> Harm.UNAVAILABLE);

    Outcome read = node.execute(container, "md5sum /usr/bin/perl");
    assertThat(read.exitCode()).isEqualTo(1);
    assertThat(read.errorText()).contains("/usr/bin/perl", "Input/output error");
    assertThat(node.log().lines())
        .filteredOn(line -> line.contains("\"registry-away\""))
        .singleElement()
        .asString()
        .contains(host, image, "usr/bin/perl", "status 503");

    proxy.follow(_ -> Harm.NONE);
    assertThat(node.execute(container, CHECK.formatted("usr/bin/perl")).orThrow().text())
        .isEqualToIgnoringNewLines("right");
  }
}
