package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.snapshotter.Snapshot.Content;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SnapshotFilterTest {
  private static final Snapshot SNAPSHOT =
      new Snapshot(
          1,
          "default/1/sha256:é\n\"x",
          "",
          SnapshotKind.COMMITTED,
          Instant.EPOCH,
          Instant.EPOCH,
          Map.of("plain", "1", "containerd.io/snapshot.ref", "sha256:ab,cd"),
          Usage.NONE,
          new Content.Ordinary());

  private static boolean matches(String... filters) throws SnapshotException {
    return SnapshotFilter.parse(List.of(filters)).matches(SNAPSHOT);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "name",
        "name==\"default/1/sha256:\\u00e9\\n\\\"x\"",
        "name==\"default/1/sha256:\\u00e9\\x0a\\\"x\"",
        "name~=sha256",
        "name~=/^default.1/",
        "name~=|x$|",
        "parent==\"\"",
        "parent",
        "kind==committed,labels.plain==1",
        "labels.plain",
        "labels.\"plain\"!=2",
        "labels.absent!=2",
        "labels.\"containerd.io/snapshot.ref\"==\"sha256:ab,cd\"",
        "labels.containerd.\"io/snapshot\".ref~=ab",
        "\"kind\"==committed",
        "nothing!=x",
      })
  void matches_whatIsSo(String filter) throws Exception {
    assertThat(matches(filter)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "name==default",
        "kind==Committed",
        "kind==committed,labels.plain==2",
        "labels.absent",
        "labels.absent==\"\"",
        "labels.absent~=.*",
        "labels",
        "nothing",
      })
  void matches_notWhatIsNot(String filter) throws Exception {
    assertThat(matches(filter)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "name=x",
        "name==",
        "name==\"x",
        "name==\"\\q\"",
        "name==\"\\u12\"",
        "name==\"\\Uffffffff\"",
        "name~=[",
        "name~=/x",
        "name==a b",
        "name,",
        ",name",
        "labels.",
        ".",
        " ",
      })
  void parse_ofSomethingElse_refuses(String filter) {
    assertThatThrownBy(() -> matches(filter))
        .isInstanceOfSatisfying(
            SnapshotException.class,
            e -> assertThat(e.kind()).isEqualTo(SnapshotException.Kind.INVALID_ARGUMENT));
  }

  @Test
  void matches_ofSeveralFilters_isAnyOfThem() throws Exception {
    assertThat(matches("kind==view", "labels.plain==1")).isTrue();
    assertThat(matches("kind==view", "kind==active")).isFalse();
    assertThat(matches()).isTrue();
  }

  @Test
  void parse_ofAnything_refusesOrAnswers() {
    long seed = 20261124;
    Random random = new Random(seed);
    String alphabet = "name.=!~\"\\/|,xuU0 19labelskind";
    for (int i = 0; i < 50_000; i++) {
      StringBuilder text = new StringBuilder("name==".substring(0, random.nextInt(7)));
      int length = random.nextInt(12);
      for (int j = 0; j < length; j++) {
        text.append(alphabet.charAt(random.nextInt(alphabet.length())));
      }
      try {
        matches(text.toString());
      } catch (SnapshotException e) {
        assertThat(e.kind())
            .as("%s, seed %d", text, seed)
            .isEqualTo(SnapshotException.Kind.INVALID_ARGUMENT);
      }
    }
  }
}
