package dev.asterism.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Patterns of paths, as the Go tool's library (doublestar) understands them.
class GlobTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          a/*        | a/b      | true
          a/*        | a/b/c    | false
          a/*        | a/       | true
          *          | a        | true
          a?c        | abc      | true
          a?c        | a/c      | false
          a[b-d]e    | ace      | true
          a[!b-d]e   | ace      | false
          a[^b-d]e   | aze      | true
          a[!b]e     | a/e      | false
          a/**/b     | a/b      | true
          a/**/b     | a/x/y/b  | true
          a/**/b     | ab       | false
          **/b       | b        | true
          **/b       | x/y/b    | true
          **/b       | xb       | false
          a/**       | a/x/y    | true
          a/**       | b/x      | false
          **         | a/b      | true
          a**b       | axb      | true
          a**b       | a/b      | false
          /usr/lib/* | usr/lib/x| true
          {a,b}/c    | b/c      | true
          {a,b}/c    | c/c      | false
          a,b        | a,b      | true
          a.c        | abc      | false
          a\\*       | a*       | true
          a\\*       | ab       | false
          a[[]b      | a[b      | true
          """)
  void matches(String glob, String path, boolean expected) {
    assertThat(Glob.parse(glob).matches(path)).isEqualTo(expected);
  }

  @Test
  void parse_bracketThatIsNotClosed_isRefused() {
    assertThatThrownBy(() -> Glob.parse("a[b")).hasMessageContaining("a[b");
    assertThatThrownBy(() -> Glob.parse("a{b")).hasMessageContaining("a{b");
  }
}
