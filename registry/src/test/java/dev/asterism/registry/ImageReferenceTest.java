package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageReferenceTest {
  private static final String DIGEST =
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

  @ParameterizedTest
  @CsvSource({
    "debian, docker.io/library/debian:latest",
    "debian:12, docker.io/library/debian:12",
    "user/app, docker.io/user/app:latest",
    "docker.io/debian, docker.io/library/debian:latest",
    "index.docker.io/user/app:1, docker.io/user/app:1",
    "localhost/app, localhost/app:latest",
    "localhost:5000/a/b/c:T_1.x-y, localhost:5000/a/b/c:T_1.x-y",
    "127.0.0.1:5000/app, 127.0.0.1:5000/app:latest",
    "[::1]:5000/app:1, [::1]:5000/app:1",
    "[2001:db8::1]/app, [2001:db8::1]/app:latest",
    "quay.io/a.b/c__d/e--f_g, quay.io/a.b/c__d/e--f_g:latest",
    "Host/app, Host/app:latest",
  })
  void parse_reference_isCompleted(String text, String full) {
    assertThat(ImageReference.parse(text)).hasToString(full);
    assertThat(ImageReference.parse(full)).isEqualTo(ImageReference.parse(text));
  }

  @Test
  void parse_digest_needsNoTag() {
    ImageReference reference = ImageReference.parse("debian@" + DIGEST);
    assertThat(reference.tag()).isEmpty();
    assertThat(reference.manifestName()).isEqualTo(DIGEST);
  }

  @Test
  void parse_tagAndDigest_keepsBothAndResolvesTheDigest() {
    ImageReference reference = ImageReference.parse("h.example:1/a:b@" + DIGEST);
    assertThat(reference).hasToString("h.example:1/a:b@" + DIGEST);
    assertThat(reference.manifestName()).isEqualTo(DIGEST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        ":",
        "/",
        "a/",
        "/a",
        "a//b",
        "a:",
        "a@",
        "a@sha256:00",
        "a@sha512:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "Upper",
        "h.example/Upper",
        "a b",
        "a..b",
        "a___b",
        "-a",
        "a-",
        "h.example:port/a",
        "h.example:123456/a",
        "https://h.example/a",
        "h.example/../a",
        "h.example/a:.tag",
        "h.example/a:t/b",
        "user@h.example/a",
        "a\n",
        "h.example?x/a",
      })
  void parse_anythingElse_isRefused(String text) {
    assertThatThrownBy(() -> ImageReference.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("not an image reference");
  }

  @Test
  void parse_tooLong_isRefusedQuickly() {
    assertThatThrownBy(() -> ImageReference.parse("a/".repeat(1 << 20) + "a"))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ImageReference.parse("a".repeat(250)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ImageReference.parse("a-".repeat(120) + "!"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
