package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChallengeTest {
  @Test
  void parse_bearer_hasItsParameters() {
    assertThat(
            Challenge.parse(
                "Bearer realm=\"https://auth.example/token\",service=\"registry, one\","
                    + "scope=\"repository:a/b:pull,push\""))
        .containsExactly(
            new Challenge(
                "bearer",
                Map.of(
                    "realm",
                    "https://auth.example/token",
                    "service",
                    "registry, one",
                    "scope",
                    "repository:a/b:pull,push")));
  }

  @Test
  void parse_twoInOneHeader_findsBoth() {
    assertThat(Challenge.parse("Basic realm = \"a\\\"b\" , BEARER Realm=x, service = y"))
        .containsExactly(
            new Challenge("basic", Map.of("realm", "a\"b")),
            new Challenge("bearer", Map.of("realm", "x", "service", "y")));
  }

  @Test
  void parse_schemeAlone_hasNoParameters() {
    assertThat(Challenge.parse("Negotiate, Basic"))
        .extracting(Challenge::scheme)
        .containsExactly("negotiate", "basic");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        ",,,",
        "=",
        "\"",
        "Bearer realm=\"never closed",
        "Bearer realm=",
        "Bearer =x",
        "Negotiate YII==",
        "Bearer realm=\"x\\",
        "é",
        "Bearer realm=\"x\"junk"
      })
  void parse_anything_neverFails(String header) {
    assertThat(Challenge.parse(header)).isNotNull();
  }
}
