package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a kubeconfig says, and what is said of one that cannot be used.
class KubeconfigTest {
  private static final String WHOLE =
      """
      current-context: c
      contexts: [{name: c, context: {cluster: k, user: u}}]
      clusters: [{name: k, cluster: {server: "https://k.example:6443/", CLUSTER}}]
      users: [{name: u, user: {USER}}]
      """;

  @TempDir private Path folder;

  private Kubeconfig read(String text) throws IOException {
    return Kubeconfig.read(Files.writeString(folder.resolve("config"), text));
  }

  private Kubeconfig read(String cluster, String user) throws IOException {
    return read(WHOLE.replace("CLUSTER", cluster).replace("USER", user));
  }

  @Test
  void read_tokenAndItsFile_takesTheFile() throws IOException {
    Kubeconfig config = read("insecure-skip-tls-verify: true", "token: t, tokenFile: sub/token");

    assertThat(config.server()).hasToString("https://k.example:6443");
    assertThat(config.skipVerify()).isTrue();
    assertThat(config.login())
        .isEqualTo(new Kubeconfig.Login.TokenFile(folder.resolve("sub/token")));
  }

  @Test
  void read_secrets_areNotPrinted() throws IOException {
    assertThat(read("a: b", "token: very-secret").toString()).doesNotContain("very-secret");
    assertThat(read("a: b", "username: u, password: very-secret").login().toString())
        .doesNotContain("very-secret");
  }

  @ParameterizedTest
  @CsvSource({
    "a: b, 'exec: {command: aws}', exec",
    "a: b, 'auth-provider: {name: gcp}', auth-provider",
    "'proxy-url: http://p', a: b, proxy-url",
    "a: b, 'client-key-data: aGk=', client-certificate",
    "'certificate-authority-data: a', a: b, certificate-authority-data",
    "'certificate-authority: \"a\\0\"', a: b, certificate-authority",
    "a: b, 'tokenFile: \"a\\0\"', tokenFile",
  })
  void read_whatIsNotServed_namesIt(String cluster, String user, String named) {
    assertThatThrownBy(() -> read(cluster, user))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(named);
  }

  @ParameterizedTest
  @CsvSource({
    "'token: [very-secret', at line",
    "'{token: very-secret, token: very-secret}', YAML",
    "'- very-secret', no kubeconfig",
    "'a: very-secret', current-context",
    "'current-context: very-secret', contexts",
  })
  void read_noKubeconfig_saysWhatIsMissingAndQuotesNothing(String text, String said) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(said)
        .hasMessageNotContaining("very-secret");
  }

  @Test
  void read_aliasesOfAliases_isRefused() {
    StringBuilder text = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 40; i++) {
      text.append("a%d: &a%d [*a%d, *a%d]\n".formatted(i, i, i - 1, i - 1));
    }

    assertThatThrownBy(() -> read(text.toString()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("YAML");
  }
}
