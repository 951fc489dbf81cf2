package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DockerConfigTest {
  @TempDir Path folder;

  private DockerConfig config(String json) throws IOException {
    return new DockerConfig(Files.writeString(folder.resolve("config.json"), json));
  }

  @Test
  void find_everyForm_isRead() throws IOException {
    DockerConfig config =
        config(
            """
            {"detachKeys": "ctrl-e", "HttpHeaders": {"auths": {}},
             "auths": {
              "https://index.docker.io/v1/": {"auth": "dXNlcjpwYTpzcw=="},
              "r.example:5000": {"username": "u", "password": "p", "email": null},
              "https://t.example/v2/": {"auth": "eDp5", "identitytoken": "i"},
              "empty.example": {}
             }}
            """);
    assertThat(config.find("docker.io")).contains(new Credential.Basic("user", "pa:ss"));
    assertThat(config.find("r.example:5000")).contains(new Credential.Basic("u", "p"));
    assertThat(config.find("t.example")).contains(new Credential.IdentityToken("i"));
    assertThat(config.find("empty.example")).isEmpty();
    assertThat(config.find("r.example")).isEmpty();
  }

  @Test
  void find_noFile_isNone() throws IOException {
    assertThat(new DockerConfig(folder.resolve("none.json")).find("docker.io")).isEmpty();
  }

  @Test
  void find_fileChanges_isNoticed() throws IOException {
    DockerConfig config = config("{}");
    assertThat(config.find("r.example")).isEmpty();
    config("{\"auths\":{\"r.example\":{\"auth\":\"dTpw\"}}}");
    assertThat(config.find("r.example")).contains(new Credential.Basic("u", "p"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        "{}",
        "{\"auths\":null}",
        "{\"auths\":{\"h\":1}}",
        "{\"auths\":{\"h\":{\"auth\":1}}}",
        "{\"auths\":{\"h\":{\"auth\":\"%%%\"}}}",
        "{\"auths\":{\"h\":{\"auth\":\"bm9jb2xvbg==\"}}}"
      })
  void find_nothingUsable_isNone(String json) throws IOException {
    assertThat(config(json).find("h")).isEmpty();
  }

  @Test
  void find_notJson_isAnErrorThatQuotesNothing() throws IOException {
    DockerConfig config = config("{\"auths\":{\"h\":{\"password\":hidden}}}");
    assertThatThrownBy(() -> config.find("h"))
        .isInstanceOf(IOException.class)
        .hasNoCause()
        .hasMessageNotContaining("hidden");
  }
}
