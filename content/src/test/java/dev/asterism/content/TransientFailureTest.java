package dev.asterism.content;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class TransientFailureTest {
  private static final class Away extends IOException implements TransientFailure {
    private static final long serialVersionUID = 1;

    private final boolean passing;

    Away(boolean passing) {
      this.passing = passing;
    }

    @Override
    public boolean isTransient() {
      return passing;
    }
  }

  @Test
  void in_itselfItsCauseAndWhatItSuppressed_areLookedAt() {
    IOException suppressing = new IOException("the other");
    suppressing.addSuppressed(new IOException("in between", new Away(true)));

    assertThat(TransientFailure.in(new Away(true))).isTrue();
    assertThat(TransientFailure.in(new IOException("x", new Away(true)))).isTrue();
    assertThat(TransientFailure.in(suppressing)).isTrue();
    assertThat(TransientFailure.in(new IOException("x", new Away(false)))).isFalse();
    assertThat(TransientFailure.in(new IOException("x"))).isFalse();
  }

  @Test
  void in_causesThatAreARing_ends() {
    IOException one = new IOException("one");
    one.initCause(new IOException("other", one));

    assertThat(TransientFailure.in(one)).isFalse();
  }
}
