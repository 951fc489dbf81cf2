package dev.asterism.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import org.junit.jupiter.api.Test;

final class RuntimePagesTest {
  private static final long MIB = 1 << 20;

  /// The library's code alone is larger than what is touched again at once.
  @Test
  void giveBack_pagesThatAStartTouched_areNoMorePartOfTheProcess() throws IOException {
    long before = RuntimePages.resident();
    assertThat(before).isGreaterThan(4 * MIB);
    long given = RuntimePages.giveBack();
    assertThat(given).isBetween(4 * MIB, before);
    assertThat(RuntimePages.resident()).isLessThan(before - MIB);
  }
}
