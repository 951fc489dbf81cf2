package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.fuse.NodeLedger;
import dev.asterism.fuse.OtherFormatException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a gate leaves for the next process, and processes that do not understand it.
final class GateMemoryTest {
  private GateMemory first;

  @BeforeEach
  void create() throws IOException {
    first = GateMemory.create();
  }

  @AfterEach
  void close() {
    first.close();
  }

  /// Opens it as the next process does, by a descriptor of its own.
  private GateMemory next() throws IOException {
    return GateMemory.open(first.fd().duplicate(3));
  }

  private void set(ValueLayout.OfInt layout, long offset, int value) throws IOException {
    NodeLedger same = NodeLedger.open(first.fd().duplicate(3));
    same.header().set(layout, offset, value);
    same.close();
  }

  @Test
  void open_processAfterProcess_givesOutHandlesThatNoFormerOneHad() throws IOException {
    long before = first.firstHandle();
    for (int i = 0; i < 3; i++) {
      try (GateMemory next = next()) {
        assertThat(next.firstHandle() - before).isEqualTo(1L << 40);
        before = next.firstHandle();
      }
    }
  }

  @Test
  void open_ofAnotherFormat_isRefusedWithTheWayBackAndChangesNothing() throws IOException {
    long handle = first.firstHandle();
    set(ValueLayout.JAVA_INT, 8, 7);

    assertThatThrownBy(this::next)
        .isInstanceOf(OtherFormatException.class)
        .hasMessage(
            "the running gate is of format 7, this version of asterism knows format 1: start the"
                + " version that made it, and nothing is lost");

    set(ValueLayout.JAVA_INT, 8, 1); // the version that made it reads what it has written
    try (GateMemory next = next()) {
      assertThat(next.firstHandle() - handle).isEqualTo(1L << 40); // the refused one is not counted
    }
  }

  @Test
  void open_somethingElse_isNoGates() throws IOException {
    set(ValueLayout.JAVA_INT, 0, 7);

    assertThatThrownBy(this::next)
        .isExactlyInstanceOf(IOException.class)
        .hasMessageContaining("is not a gate's");
  }
}
