package dev.asterism.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What a session leaves for the next process, and processes that do not understand it.
class ConnectionHeaderTest {
  private static final ConnectionHeader HEADER =
      new ConnectionHeader(new Negotiated(40, 0x1234_5678_9ABCL, 1 << 20), 77, 45);

  private final MemorySegment page = Arena.ofAuto().allocate(4096, 8);

  @Test
  void read_whatWasWritten_isTheSame() throws IOException {
    HEADER.write(page);

    assertThat(ConnectionHeader.read(page)).isEqualTo(HEADER);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, Integer.MAX_VALUE, -1})
  void read_ofAnotherFormat_isRefusedWithTheWayBackAndChangesNothing(int format)
      throws IOException {
    HEADER.write(page);
    page.set(ValueLayout.JAVA_INT, 8, format);
    byte[] before = page.toArray(ValueLayout.JAVA_BYTE);

    assertThatThrownBy(() -> ConnectionHeader.read(page))
        .isInstanceOf(OtherFormatException.class)
        .hasMessage(
            "the running mount is of format %d, this version of asterism knows format 1: start the"
                    .formatted(format)
                + " version that made it, and nothing is lost");

    assertThat(page.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
    page.set(ValueLayout.JAVA_INT, 8, ConnectionHeader.FORMAT);
    assertThat(ConnectionHeader.read(page)).isEqualTo(HEADER);
  }

  /// A process that was killed before it had written all of it has not written the magic number.
  @Test
  void read_halfWritten_isNoSessions() {
    HEADER.write(page);
    page.set(ValueLayout.JAVA_LONG, 0, 0);

    assertThatThrownBy(() -> ConnectionHeader.read(page))
        .isExactlyInstanceOf(IOException.class)
        .hasMessageContaining("is not a session's");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -4096, 4095, (1 << 20) + 1})
  void read_sizeThatCannotBe_isDamaged(int maxRead) {
    HEADER.write(page);
    page.set(ValueLayout.JAVA_INT, 24, maxRead);

    assertThatThrownBy(() -> ConnectionHeader.read(page)).hasMessageContaining("damaged");
  }
}
