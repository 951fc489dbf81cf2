package dev.asterism.fuse;

import dev.asterism.linux.Fd;
import dev.asterism.linux.SharedMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// What the kernel was told about nodes and has not forgotten, in memory that outlives the process:
/// who serves the mount next reads it there.
///
/// A page for the owner's own figures ([#header]), then rows of 32 bytes in host byte order: a node
/// and three numbers; node 0 is a free row. A process may be killed between any two instructions:
/// a row's node is written last and wiped first, so a row is there with all its numbers or is not.
/// Grows by 128 KiB and never shrinks; rows are reused.
///
/// Thread-safe for different nodes. Who changes the row of one node keeps others from doing so.
public final class NodeLedger {
  private static final long HEADER = 4096;
  private static final int ROW = 32;
  private static final int ROWS = 4096; // per block
  private static final long BLOCK = (long) ROW * ROWS;

  private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

  private final SharedMemory memory;
  private final MemorySegment header;
  private final List<MemorySegment> blocks = new CopyOnWriteArrayList<>();
  private final ConcurrentMap<Long, Integer> places = new ConcurrentHashMap<>();
  private final Queue<Integer> free = new ConcurrentLinkedQueue<>();
  private final AtomicInteger used = new AtomicInteger();
  private volatile boolean closed;

  /// Three numbers that are kept for a node; what they mean is the owner's choice.
  public record Row(long a, long b, long c) {}

  private NodeLedger(SharedMemory memory) throws IOException {
    this.memory = memory;
    this.header = memory.map(0, HEADER, Arena.ofAuto());
  }

  /// Makes an empty one.
  ///
  /// @param name what `/proc/<pid>/fd` shows
  /// @throws IOException if there is no memory
  public static NodeLedger create(String name) throws IOException {
    SharedMemory memory = SharedMemory.create(name);
    try {
      return new NodeLedger(memory);
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /// Goes on with what another process has written.
  ///
  /// @param fd the former process's [#fd], which this takes over
  /// @throws IOException if it cannot be read; `fd` is closed then
  public static NodeLedger open(Fd fd) throws IOException {
    SharedMemory memory = new SharedMemory(fd);
    try {
      NodeLedger ledger = new NodeLedger(memory);
      ledger.restore();
      return ledger;
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  private void restore() throws IOException {
    long count = (memory.size() - HEADER) / BLOCK;
    for (int block = 0; block < count; block++) {
      blocks.add(memory.map(HEADER + block * BLOCK, BLOCK, Arena.ofAuto()));
    }
    used.set(Math.toIntExact(count * ROWS));
    for (int place = 0; place < used.get(); place++) {
      long node = get(place, 0);
      if (node == 0) {
        free.add(place);
      } else {
        places.put(node, place);
      }
    }
  }

  /// Returns the owner's page, 4 KiB, zeros at first.
  public MemorySegment header() {
    return header;
  }

  /// Returns the descriptor of the memory, which stays the ledger's.
  public Fd fd() {
    return memory.fd();
  }

  /// Returns a copy of all rows by their node.
  public Map<Long, Row> rows() {
    Map<Long, Row> rows = new HashMap<>();
    places.forEach(
        (node, place) -> rows.put(node, new Row(get(place, 1), get(place, 2), get(place, 3))));
    return rows;
  }

  /// Writes the row of a node; a change of more than one number may be seen half. Does nothing once
  /// this is closed: then there is no next process.
  ///
  /// @param node not 0
  public void put(long node, Row row) {
    if (closed) {
      return;
    }
    Integer known = places.get(node);
    int place = known != null ? known : claim();
    set(place, 1, row.a());
    set(place, 2, row.b());
    set(place, 3, row.c());
    if (known == null) {
      set(place, 0, node);
      places.put(node, place);
    }
  }

  /// Wipes the row of a node, if there is one.
  public void remove(long node) {
    Integer place = places.remove(node);
    if (place != null) {
      set(place, 0, 0);
      free.add(place);
    }
  }

  private int claim() {
    Integer reused = free.poll();
    if (reused != null) {
      return reused;
    }
    int place = used.getAndIncrement();
    while (blocks.size() * ROWS <= place) {
      grow();
    }
    return place;
  }

  private synchronized void grow() {
    try {
      blocks.add(memory.map(HEADER + blocks.size() * BLOCK, BLOCK, Arena.ofAuto()));
    } catch (IOException e) {
      throw new UncheckedIOException("no memory for another node", e);
    }
  }

  private long get(int place, int column) {
    return (long) LONG.getAcquire(blocks.get(place / ROWS), offset(place, column));
  }

  private void set(int place, int column, long value) {
    LONG.setRelease(blocks.get(place / ROWS), offset(place, column), value);
  }

  private static long offset(int place, int column) {
    return (long) place % ROWS * ROW + (long) column * Long.BYTES;
  }

  /// Gives the descriptor back; what is written afterwards is lost with the process.
  public void close() {
    closed = true;
    memory.close();
  }
}
