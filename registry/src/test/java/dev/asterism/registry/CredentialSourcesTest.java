package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Credentials from helpers, from several sources, and from pulls that went by.
@Timeout(300)
class CredentialSourcesTest {
  private static final String SECRET = "s3cret-of-the-helper";

  @TempDir private Path folder;
  private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private Path calls;
  private CredentialHelper helper;

  @BeforeEach
  void make() {
    calls = folder.resolve("calls");
    helper = helper(Duration.ofSeconds(10));
  }

  private CredentialHelper helper(Duration limit) {
    InstantSource clock = () -> now;
    return new CredentialHelper(limit, clock, folder.toString());
  }

  private void program(String name, String script) throws IOException, InterruptedException {
    Path program = folder.resolve("docker-credential-" + name);
    Files.writeString(
        program,
        "#!/bin/sh\nread -r server\necho \"$1 $server\" >> %s\n%s\n".formatted(calls, script));
    Command.of("chmod", "+x", program.toString()).runOrThrow();
  }

  private List<String> calls() throws IOException {
    return Files.exists(calls) ? Files.readAllLines(calls) : List.of();
  }

  @Test
  void find_helperKnows_isAskedOnceAndAgainWhenRefusedOrOld() throws Exception {
    program(
        "good",
        "echo '{\"ServerURL\":\"x\",\"Username\":\"u\",\"Secret\":\"%s\"}'".formatted(SECRET));
    Optional<Credential> expected = Optional.of(new Credential.Basic("u", SECRET));

    assertThat(helper.find("good", "r.example:5000")).isEqualTo(expected);
    assertThat(helper.find("good", "r.example:5000")).isEqualTo(expected);
    assertThat(calls()).containsExactly("get r.example:5000");

    helper.forget();
    assertThat(helper.find("good", "r.example:5000")).isEqualTo(expected);
    now = now.plus(Duration.ofMinutes(6));
    assertThat(helper.find("good", "r.example:5000")).isEqualTo(expected);
    assertThat(calls()).hasSize(3);
  }

  @Test
  void find_byManyAtOnce_runsTheProgramOnce() throws Exception {
    Path gate = folder.resolve("gate");
    program(
        "slow",
        "while [ ! -e %s ]; do sleep 0.05; done; echo '{\"Username\":\"u\",\"Secret\":\"%s\"}'"
            .formatted(gate, SECRET));
    List<CompletableFuture<Optional<Credential>>> askers = new ArrayList<>();
    CountDownLatch here = new CountDownLatch(16);
    for (int i = 0; i < 16; i++) {
      CompletableFuture<Optional<Credential>> answer = new CompletableFuture<>();
      askers.add(answer);
      Thread.startVirtualThread(() -> {
        here.countDown();
        try {
          answer.complete(helper.find("slow", "r.example"));
        } catch (IOException e) {
          answer.completeExceptionally(e);
        }
      });
    }
    here.await();
    Files.createFile(gate);

    for (CompletableFuture<Optional<Credential>> answer : askers) {
      assertThat(answer.get()).contains(new Credential.Basic("u", SECRET));
    }
    assertThat(calls()).containsExactly("get r.example");
  }

  @Test
  void find_userIsToken_isAnIdentityToken() throws Exception {
    program("token", "echo '{\"Username\":\"<token>\",\"Secret\":\"%s\"}'".formatted(SECRET));
    assertThat(helper.find("token", "r.example")).contains(new Credential.IdentityToken(SECRET));
  }

  @Test
  void find_helperHasNothing_isNoFailure() throws Exception {
    program("none", "echo 'credentials not found in native keychain'; exit 1");
    assertThat(helper.find("none", "r.example")).isEmpty();
  }

  @Test
  void find_helperFails_saysSoWithoutWhatItPrinted() throws Exception {
    program("bad", "echo '%s'; exit 3".formatted(SECRET));
    program("talks", "echo 'no json: %s'".formatted(SECRET));
    program("floods", "head -c 3000000 /dev/zero");
    for (String name : List.of("bad", "talks", "floods", "absent", "../evil")) {
      assertThatThrownBy(() -> helper.find(name, "r.example"))
          .as(name)
          .isInstanceOf(IOException.class)
          .hasMessageNotContaining(SECRET);
    }
  }

  @Test
  void find_helperDoesNotEnd_isGivenUpAndEnded() throws Exception {
    program("slow", "echo $$ > %s; exec sleep 600".formatted(folder.resolve("pid")));
    assertThatThrownBy(() -> helper(Duration.ofSeconds(3)).find("slow", "r.example"))
        .hasMessageContaining("does not end");
    long pid = Long.parseLong(Files.readString(folder.resolve("pid")).strip());
    ProcessHandle.of(pid).ifPresent(process -> process.onExit().join());
  }

  @Test
  void dockerConfig_namesHelpers_asksThemBeforeItsOwnEntries() throws Exception {
    program("one", "echo '{\"Username\":\"one\",\"Secret\":\"a\"}'");
    program("rest", "echo 'credentials not found in native keychain'; exit 1");
    Path file =
        Files.writeString(
            folder.resolve("config.json"),
            """
            {"credHelpers":{"https://a.example/v1/":"one"},"credsStore":"rest",
             "auths":{"a.example":{"username":"file","password":"f"},
                      "https://index.docker.io/v1/":{"username":"hub","password":"h"}}}
            """);
    DockerConfig config = new DockerConfig(file, helper);

    assertThat(config.find("a.example")).contains(new Credential.Basic("one", "a"));
    assertThat(config.find("docker.io")).contains(new Credential.Basic("hub", "h"));
    assertThat(config.find("other.example")).isEmpty();
    assertThat(calls())
        .containsExactly("get a.example", "get https://index.docker.io/v1/", "get other.example");
  }

  @Test
  void chain_oneFails_asksTheNextAndLogsNoSecretAndOnce() throws Exception {
    List<String> lines = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            lines.add(line.getMessage() + Arrays.toString(line.getParameters()));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(CredentialChain.class.getName());
    logger.addHandler(handler);
    logger.setLevel(Level.ALL);
    try {
      program("bad", "echo '%s'; exit 3".formatted(SECRET));
      Credentials failing = host -> helper.find("bad", host);
      Credentials last = _ -> Optional.of(new Credential.Basic("u", SECRET));
      CredentialChain chain = new CredentialChain(List.of(Credentials.anonymous(), failing, last));

      assertThat(chain.find("r.example", "a/b")).isPresent();
      assertThat(chain.find("r.example", "a/b")).isPresent();

      assertThat(lines).hasSize(1);
      assertThat(lines.toString() + chain.find("r.example")).doesNotContain(SECRET);
    } finally {
      logger.removeHandler(handler);
    }
  }

  private static PulledCredentials.Auth auth(String user, String password) {
    return new PulledCredentials.Auth(user, password, "", "", "");
  }

  private static void pull(
      PulledCredentials pulled, String image, PulledCredentials.Auth auth, boolean well) {
    pulled.pulled(image, auth).ifPresent(attempt -> attempt.ended(well));
  }

  @Test
  void pulled_imageOfARepository_isKnownForItAlone() throws IOException {
    PulledCredentials pulled = new PulledCredentials();
    pull(pulled, "r.example/a/b:1", auth("u", SECRET), true);

    assertThat(pulled.find("r.example", "a/b")).contains(new Credential.Basic("u", SECRET));
    assertThat(pulled.find("r.example", "a/c")).isEmpty();
    assertThat(pulled.find("r.example")).isEmpty();
    assertThat(auth("u", SECRET).toString()).doesNotContain(SECRET);

    pulled.removed("r.example/a/b:1");
    assertThat(pulled.find("r.example", "a/b")).isEmpty();
  }

  /// Whoever may start pods can name any image, with any secret or none: containers that run lose
  /// nothing by it.
  @Test
  void pulled_laterWithAWrongSecretOrNone_takesNothingFromWhatIsKnown() throws IOException {
    PulledCredentials pulled = new PulledCredentials();
    Credential right = new Credential.Basic("u", SECRET);
    pull(pulled, "r.example/a:1", auth("u", SECRET), true);

    pull(pulled, "r.example/a:1", auth("", ""), false);
    pull(pulled, "r.example/a:2", auth("", ""), true);
    assertThat(pulled.find("r.example", "a")).contains(right);

    PulledCredentials.Attempt wrong = pulled.pulled("r.example/a:1", auth("u", "no")).orElseThrow();
    assertThat(pulled.find("r.example", "a")).contains(right);
    assertThat(pulled.all()).extracting(PulledCredentials.Known::credential).containsExactly(right);
    wrong.ended(false);
    pulled.refused("r.example");
    assertThat(pulled.find("r.example", "a")).contains(right);
  }

  @Test
  void removed_oneOfSeveralImagesOfARepository_leavesTheOthersWhatTheyNeed() throws IOException {
    PulledCredentials pulled = new PulledCredentials();
    pull(pulled, "r.example/a:1", auth("u", SECRET), true);
    pull(pulled, "r.example/a:2", auth("u", SECRET), true);

    pulled.removed("r.example/a:2");
    pulled.removed("r.example/a:2");
    pulled.removed("r.example/a:3");
    assertThat(pulled.find("r.example", "a")).contains(new Credential.Basic("u", SECRET));
    pulled.removed("r.example/a:1");
    assertThat(pulled.all()).isEmpty();

    PulledCredentials next = new PulledCredentials();
    pull(pulled, "r.example/a:1", auth("u", SECRET), true);
    next.restore(pulled.all());
    next.removed("r.example/a:2");
    assertThat(next.find("r.example", "a")).contains(new Credential.Basic("u", SECRET));
  }

  @Test
  void pulled_withANewSecret_isThereWhenTheOldOneIsRefusedAndCountsWhenItWentWell()
      throws IOException {
    PulledCredentials pulled = new PulledCredentials();
    pull(pulled, "r.example/a:1", auth("u", "old"), true);
    PulledCredentials.Attempt newer =
        pulled.pulled("r.example/a:1", auth("u", "new")).orElseThrow();

    pulled.refused("other.example");
    assertThat(pulled.find("r.example", "a")).contains(new Credential.Basic("u", "old"));
    pulled.refused("r.example");
    assertThat(pulled.find("r.example", "a")).contains(new Credential.Basic("u", "new"));

    newer.ended(true);
    assertThat(pulled.find("r.example", "a")).contains(new Credential.Basic("u", "new"));
  }

  @Test
  void pulled_firstTimeAndInVain_isKnownWhileThePullGoesOn() throws IOException {
    PulledCredentials pulled = new PulledCredentials();
    PulledCredentials.Attempt first = pulled.pulled("r.example/a:1", auth("u", "a")).orElseThrow();
    PulledCredentials.Attempt second = pulled.pulled("r.example/a:1", auth("u", "b")).orElseThrow();
    assertThat(pulled.find("r.example", "a")).contains(new Credential.Basic("u", "b"));

    second.ended(false);
    assertThat(pulled.find("r.example", "a")).contains(new Credential.Basic("u", "a"));
    first.ended(false);
    first.ended(true);

    assertThat(pulled.find("r.example", "a")).isEmpty();
    assertThat(pulled.all()).isEmpty();
  }

  @Test
  void pulled_otherFormsOfCredentials_areUnderstood() throws IOException {
    PulledCredentials pulled = new PulledCredentials();
    pulled.pulled(
        "docker.io/library/x:1",
        new PulledCredentials.Auth("", "", "dTpwYXNz", "https://index.docker.io/v1/", ""));
    pulled.pulled("r.example/t:1", new PulledCredentials.Auth("", "", "", "r.example", "identity"));
    pulled.pulled(
        "r.example/o:1", new PulledCredentials.Auth("u", "p", "", "https://other.example", ""));

    assertThat(pulled.find("docker.io", "library/x")).contains(new Credential.Basic("u", "pass"));
    assertThat(pulled.find("r.example", "t")).contains(new Credential.IdentityToken("identity"));
    assertThat(pulled.find("r.example", "o")).isEmpty();
  }

  @Test
  void restore_whatAFormerProcessKnew_goesBehindWhatThisOneWasTold() throws IOException {
    PulledCredentials former = new PulledCredentials();
    former.pulled("r.example/a:1", auth("u", "old-a"));
    former.pulled("r.example/b:1", auth("u", "old-b"));
    PulledCredentials next = new PulledCredentials();
    pull(next, "r.example/a:1", auth("u", "new-a"), true);

    next.restore(former.all());

    assertThat(next.find("r.example", "a")).contains(new Credential.Basic("u", "new-a"));
    assertThat(next.find("r.example", "b")).contains(new Credential.Basic("u", "old-b"));
    assertThat(next.all())
        .extracting(PulledCredentials.Known::repository)
        .containsExactly("b", "a");
    assertThat(next.all().toString()).doesNotContain("old-b");
  }

  /// What a registry like ECR does twice a day: it says 401 or 403.
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void read_credentialExpires_isAskedForAgain(boolean forbidden) throws IOException {
    List<String> passwords = new ArrayList<>(List.of("old"));
    List<String> refusals = new ArrayList<>();
    Credentials rotating =
        new Credentials() {
          @Override
          public Optional<Credential> find(String host) {
            return Optional.of(new Credential.Basic("u", passwords.getLast()));
          }

          @Override
          public void refused(String host) {
            refusals.add(host);
            passwords.add("new");
          }
        };
    byte[] bytes = {1, 2, 3};
    try (TestRegistry registry = TestRegistry.start();
        RegistryClient client =
            new RegistryClient(Hosts.standard(), rotating, Fixture.QUICK, () -> now, List.of())) {
      Digest digest = registry.blob(bytes);
      ImageReference reference = ImageReference.parse(registry.host() + "/a/b:1");
      registry.requireToken("u", "old", 60);
      assertThat(read(client, reference, digest)).isEqualTo(bytes);
      registry.requireToken("u", "new", 60);
      assertThat(read(client, reference, digest)).isEqualTo(bytes);
      assertThat(refusals).containsExactly(registry.host());

      passwords.add("old");
      registry.requireBasic("u", "new");
      assertThat(read(client, reference, digest)).isEqualTo(bytes);

      passwords.add("old");
      if (forbidden) {
        registry.faultNext(1, Target.blob(digest), new Fault.Status(403, Map.of()));
      }
      assertThat(read(client, reference, digest)).isEqualTo(bytes);
      assertThat(passwords.getLast()).isEqualTo("new");
    }
  }

  private static byte[] read(RegistryClient client, ImageReference reference, Digest digest)
      throws IOException {
    return client.blob(reference, digest, OptionalLong.of(3)).read(new ByteRange(0, 3));
  }
}
