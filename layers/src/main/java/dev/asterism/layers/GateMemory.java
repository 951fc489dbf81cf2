package dev.asterism.layers;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.asterism.fuse.NodeLedger;
import dev.asterism.fuse.OtherFormatException;
import dev.asterism.linux.Fd;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/// What a gate has told the kernel and the next process must know: the files of several chunks that
/// the kernel remembers, and which handles were given out.
///
/// A [NodeLedger] whose header has a magic (8 bytes), a format (4) and, from byte 16, how many
/// processes have served this mount (8). Thread-safe.
final class GateMemory implements AutoCloseable {
  private static final long MAGIC = 0x4153_5452_4741_5445L; // "ASTRGATE"

  /// Changes with the meaning of the rows, of [NodeIds] and of handles.
  private static final int FORMAT = 1;

  /// Handles of one process: 2^40. With 2^20 processes that stays within what `Opened` takes.
  private static final int HANDLE_BITS = 40;

  private static final long MAX_PROCESSES = 1 << 20;

  private final NodeLedger ledger;
  private final KnownNodes nodes;
  private final long process;

  private GateMemory(NodeLedger ledger, long process) {
    this.ledger = ledger;
    this.nodes = new KnownNodes(ledger);
    this.process = process;
  }

  /// Makes one for a new mount.
  static GateMemory create() throws IOException {
    NodeLedger ledger = NodeLedger.create("asterism-gate");
    MemorySegment header = ledger.header();
    header.set(JAVA_INT, 8, FORMAT);
    header.set(JAVA_LONG, 16, 1);
    header.set(JAVA_LONG, 0, MAGIC);
    return new GateMemory(ledger, 1);
  }

  /// Goes on with what former processes have written.
  ///
  /// @param fd which this takes over, and closes if it fails
  /// @throws OtherFormatException if they were of another version
  static GateMemory open(Fd fd) throws IOException {
    NodeLedger ledger = NodeLedger.open(fd);
    try {
      MemorySegment header = ledger.header();
      if (header.get(JAVA_LONG, 0) != MAGIC) {
        throw new IOException("the memory kept with the gate is not a gate's");
      }
      if (header.get(JAVA_INT, 8) != FORMAT) {
        throw new OtherFormatException("the running gate", header.get(JAVA_INT, 8), FORMAT);
      }
      long process = header.get(JAVA_LONG, 16) + 1;
      header.set(JAVA_LONG, 16, process);
      return new GateMemory(ledger, process);
    } catch (IOException | RuntimeException e) {
      ledger.close();
      throw e;
    }
  }

  KnownNodes nodes() {
    return nodes;
  }

  /// Returns a number below all handles of this process and above those of former ones.
  long firstHandle() {
    return process % MAX_PROCESSES << HANDLE_BITS;
  }

  /// Returns the descriptor of the memory, which stays this object's.
  Fd fd() {
    return ledger.fd();
  }

  @Override
  public void close() {
    ledger.close();
  }
}
