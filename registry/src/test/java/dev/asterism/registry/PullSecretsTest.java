package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.kubernetes.ApiServer;
import dev.asterism.testkit.registry.TestAuthority;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Pull secrets of a cluster, from an API server over TLS.
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class PullSecretsTest {
  private static final PullSecrets.Pauses SHORT =
      new PullSecrets.Pauses(Duration.ofMillis(50), Duration.ofMillis(20), Duration.ofMillis(100));

  @TempDir private static Path shared; // keytool takes a second for each key
  private static TestAuthority authority;
  private static SSLContext tls;

  @TempDir private Path folder;
  private ApiServer server;
  private Optional<PullSecrets> secrets = Optional.empty();

  @BeforeAll
  static void certify() throws IOException, InterruptedException {
    authority = TestAuthority.create(shared);
    tls = authority.server("ip:127.0.0.1");
  }

  @BeforeEach
  void start() throws IOException {
    server = ApiServer.start(tls);
  }

  @AfterEach
  void end() {
    secrets.ifPresent(PullSecrets::close);
    server.close();
  }

  private static String docker(String place, String user) {
    return "{\"auths\":{\"%s\":{\"username\":\"%s\",\"password\":\"pw\"}}}".formatted(place, user);
  }

  private static Optional<Credential> user(String name) {
    return Optional.of(new Credential.Basic(name, "pw"));
  }

  private Path kubeconfig(String user) throws IOException {
    return kubeconfig(authority, user);
  }

  private Path kubeconfig(TestAuthority trusted, String user) throws IOException {
    return Files.writeString(
        folder.resolve("config.conf"), server.kubeconfig(trusted.certificate(), user));
  }

  private PullSecrets follow(Path file) {
    secrets = Optional.of(PullSecrets.follow(file, SHORT));
    return secrets.get();
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    while (!condition.getAsBoolean()) {
      Thread.sleep(10); // the test's own time limit ends this
    }
  }

  private void awaitWatch() throws InterruptedException {
    await(() -> server.requests().stream().anyMatch(query -> query.contains("watch=true")));
  }

  private long lists() {
    return server.requests().stream().filter(query -> query.contains("limit=")).count();
  }

  @Test
  void find_secretsOfManyPages_hasEachOfThem() throws Exception {
    for (int i = 0; i < 120; i++) {
      server.put("team", "secret-%03d".formatted(i), docker("r%d.example".formatted(i), "u" + i));
    }

    PullSecrets found = follow(kubeconfig("{}"));
    await(() -> found.find("r0.example").isPresent());

    for (int i : new int[] {0, 49, 50, 99, 100, 119}) {
      assertThat(found.find("r%d.example".formatted(i), "app")).isEqualTo(user("u" + i));
    }
    assertThat(found.find("r.example", "app")).isEmpty();
    assertThat(lists()).isEqualTo(3);
  }

  @Test
  void list_thatNeverEnds_isLeftAtSomePoint() throws Exception {
    server.put("team", "one", docker("a.example", "first"));
    server.goOnForEver();

    PullSecrets found = follow(kubeconfig("{}"));
    awaitWatch();

    assertThat(found.find("a.example")).isEqualTo(user("first"));
    assertThat(lists()).isEqualTo(256);
  }

  @Test
  void find_afterChanges_followsThem() throws Exception {
    server.put("team", "one", docker("a.example", "first"));
    PullSecrets found = follow(kubeconfig("{}"));
    await(() -> found.find("a.example").equals(user("first")));
    awaitWatch();

    server.put("team", "one", docker("a.example", "second"));
    await(() -> found.find("a.example").equals(user("second")));
    server.put("team", "two", docker("b.example", "third"));
    await(() -> found.find("b.example").equals(user("third")));
    server.delete("team", "one");
    await(() -> found.find("a.example").isEmpty());
    assertThat(found.find("b.example")).isEqualTo(user("third"));
    assertThat(lists()).isEqualTo(1);
  }

  @Test
  void watch_thatEnds_goesOnWhereItWas() throws Exception {
    PullSecrets found = follow(kubeconfig("{}"));
    awaitWatch();
    server.put("team", "one", docker("a.example", "first"));
    await(() -> found.find("a.example").equals(user("first")));

    server.cut();
    server.put("team", "one", docker("a.example", "second"));

    await(() -> found.find("a.example").equals(user("second")));
    assertThat(lists()).isEqualTo(1);
  }

  @Test
  void watch_afterABookmark_goesOnThere() throws Exception {
    follow(kubeconfig("{}"));
    awaitWatch();

    server.bookmark();

    await(() -> {
      server.cut();
      return server.requests().getLast().contains("resourceVersion=101");
    });
    assertThat(lists()).isEqualTo(1);
  }

  @Test
  void watch_ofWhatWasForgotten_listsAnew() throws Exception {
    server.put("team", "gone", docker("a.example", "first"));
    PullSecrets found = follow(kubeconfig("{}"));
    await(() -> found.find("a.example").equals(user("first")));
    awaitWatch();

    server.refuse(503); // nobody is told what happens now
    server.cut();
    server.delete("team", "gone");
    server.put("team", "new", docker("b.example", "second"));
    server.forget();
    server.refuse(0);

    await(() -> found.find("b.example").equals(user("second")));
    assertThat(found.find("a.example")).isEmpty();
    assertThat(lists()).isGreaterThan(1);
  }

  @Test
  void secrets_whileTheServerIsAway_countOn() throws Exception {
    server.put("team", "one", docker("a.example", "first"));
    PullSecrets found = follow(kubeconfig("{}"));
    await(() -> found.find("a.example").equals(user("first")));
    awaitWatch();

    server.refuse(503);
    server.cut();
    int asked = server.requests().size();
    await(() -> server.requests().size() > asked + 2);

    assertThat(found.find("a.example")).isEqualTo(user("first"));
  }

  @Test
  void server_thatRefusesAtFirst_isAskedAgain() throws Exception {
    server.refuse(401);
    server.put("team", "one", docker("a.example", "first"));
    PullSecrets found = follow(kubeconfig("{}"));
    assertThat(found.find("a.example")).isEmpty();
    assertThat(found.mayKnowLater()).isTrue();

    server.refuse(0);

    await(() -> found.find("a.example").equals(user("first")));
    assertThat(found.mayKnowLater()).isFalse();
  }

  @Test
  void kubeconfig_thatComesLater_isRead() throws Exception {
    server.put("team", "one", docker("a.example", "first"));
    PullSecrets found = follow(folder.resolve("config.conf"));
    assertThat(found.find("a.example")).isEmpty();

    kubeconfig("{}");

    await(() -> found.find("a.example").equals(user("first")));
  }

  @Test
  void kubeconfig_withAToken_sendsIt() throws Exception {
    server.require("Bearer the-token");
    server.put("team", "one", docker("a.example", "first"));

    PullSecrets found = follow(kubeconfig("{token: the-token}"));

    await(() -> found.find("a.example").equals(user("first")));
  }

  @Test
  void kubeconfig_withATokenFile_readsItAnew() throws Exception {
    Path token = Files.writeString(folder.resolve("token"), "old\n");
    server.require("Bearer new");
    server.put("team", "one", docker("a.example", "first"));
    PullSecrets found = follow(kubeconfig("{tokenFile: token}"));
    assertThat(found.find("a.example")).isEmpty();

    Files.writeString(token, "new\n");

    await(() -> found.find("a.example").equals(user("first")));
  }

  @Test
  void kubeconfig_withACertificate_showsIt() throws Exception {
    server.close();
    server = ApiServer.startAskingForCertificates(tls);
    server.put("team", "one", docker("a.example", "first"));
    TestAuthority.PemFiles files = authority.client(folder.resolve("pki"));

    assertThat(follow(kubeconfig("{}")).find("a.example")).isEmpty();
    secrets.orElseThrow().close();
    PullSecrets found =
        follow(
            kubeconfig(
                "{client-certificate: %s, client-key: %s}"
                    .formatted(files.certificate(), files.key())));

    await(() -> found.find("a.example").equals(user("first")));
  }

  @Test
  void server_thatNobodyVouchesFor_isAskedNothing() throws Exception {
    server.put("team", "one", docker("a.example", "first"));
    TestAuthority other = TestAuthority.create(Files.createDirectory(folder.resolve("other")));

    assertThat(follow(kubeconfig(other, "{}")).find("a.example")).isEmpty();
    assertThat(server.requests()).isEmpty();
  }

  @Test
  void find_severalSecrets_takesTheLongestNameThenTheNextOneThatIsNotRefused() throws Exception {
    server.put("b", "whole", docker("https://a.example", "whole-b"));
    server.put("a", "whole", docker("a.example/v1/", "whole-a"));
    server.put("z", "part", docker("a.example/team/app", "part"));
    PullSecrets found = follow(kubeconfig("{}"));
    await(() -> found.find("a.example", "team/app/web").isPresent());

    assertThat(found.find("a.example", "team/app/web")).isEqualTo(user("part"));
    assertThat(found.find("a.example", "team/apple")).isEqualTo(user("whole-a"));
    found.refused("a.example");
    assertThat(found.find("a.example", "team/apple")).isEqualTo(user("whole-b"));
    found.refused("a.example");
    assertThat(found.find("a.example", "team/apple")).isEqualTo(user("whole-a"));
  }

  @Test
  void secret_thatIsDamaged_harmsNoOther() throws Exception {
    server.put("team", "broken", "{\"auths\":{\"a.example\":[1,2");
    server.put("team", "list", "[]");
    server.put("team", "one", docker("b.example", "first"));

    PullSecrets found = follow(kubeconfig("{}"));

    await(() -> found.find("b.example").equals(user("first")));
    assertThat(found.find("a.example")).isEmpty();
  }

  @Test
  void standardFile_variableOrHome_isTheFirstThatIsThere() throws Exception {
    Path file = Files.writeString(folder.resolve("one"), "");

    assertThat(
            PullSecrets.standardFile(Map.of("KUBECONFIG", "/nowhere:" + file), Path.of("/home/u")))
        .isEqualTo(file);
    assertThat(PullSecrets.standardFile(Map.of(), Path.of("/home/u")))
        .isEqualTo(Path.of("/home/u/.kube/config"));
  }
}
