package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.testkit.process.Command;
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
import java.util.Optional;
import java.util.OptionalLong;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

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

  @Test
  void pulled_imageOfARepository_isKnownForItAlone() throws IOException {
    PulledCredentials pulled = new PulledCredentials();
    pulled.pulled("r.example/a/b:1", auth("u", SECRET));

    assertThat(pulled.find("r.example", "a/b")).contains(new Credential.Basic("u", SECRET));
    assertThat(pulled.find("r.example", "a/c")).isEmpty();
    assertThat(pulled.find("r.example")).isEmpty();
    assertThat(auth("u", SECRET).toString()).doesNotContain(SECRET);

    pulled.removed("r.example/a/b:1");
    assertThat(pulled.find("r.example", "a/b")).isEmpty();
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
    next.pulled("r.example/a:1", auth("u", "new-a"));

    next.restore(former.all());

    assertThat(next.find("r.example", "a")).contains(new Credential.Basic("u", "new-a"));
    assertThat(next.find("r.example", "b")).contains(new Credential.Basic("u", "old-b"));
    assertThat(next.all())
        .extracting(PulledCredentials.Known::repository)
        .containsExactly("b", "a");
    assertThat(next.all().toString()).doesNotContain("old-b");
  }

  /// What a registry like ECR does twice a day.
  @Test
  void read_credentialExpires_isAskedForAgain() throws IOException {
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
    }
  }

  private static byte[] read(RegistryClient client, ImageReference reference, Digest digest)
      throws IOException {
    return client.blob(reference, digest, OptionalLong.of(3)).read(new ByteRange(0, 3));
  }
}
