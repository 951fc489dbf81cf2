package dev.asterism.testkit.link;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// Carries the bytes of one connection in one direction: a thread puts them onto the link, another
/// takes them off half a round trip later.
///
/// Holds as many bytes as are under way, and a few blocks more; then the sender has to wait, as it
/// would for a window. Thread-safe.
final class Pipe {
  private static final int BLOCK = 32 << 10; // 32 KiB
  private static final int SPARE_BLOCKS = 4;

  private final Socket from;
  private final Socket to;
  private final Bandwidth bandwidth;
  private final Tap sent;
  private final Tap received;
  private final Supplier<LinkShape> shape;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Deque<Block> underWay = new ArrayDeque<>();
  private final Deque<byte[]> free = new ArrayDeque<>();
  private int allocated;

  /// Bytes that arrive at a moment; none of them for the end.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Block(byte[] bytes, int length, long arrival) {}

  /// Sees bytes that pass.
  interface Tap {
    void pass(byte[] bytes, int length);
  }

  /// @param shape what the link is like at the moment
  /// @param sent told when bytes are put onto the link
  /// @param received told when they have left it
  Pipe(
      Socket from,
      Socket to,
      Supplier<LinkShape> shape,
      Bandwidth bandwidth,
      Tap sent,
      Tap received) {
    this.from = from;
    this.to = to;
    this.bandwidth = bandwidth;
    this.sent = sent;
    this.received = received;
    this.shape = shape;
  }

  /// Puts bytes onto the link until the sender ends.
  void send() throws IOException, InterruptedException {
    InputStream in = from.getInputStream();
    long lastOut = System.nanoTime();
    while (true) {
      byte[] buffer = takeBuffer();
      boolean wasThere = in.available() > 0;
      int n = in.read(buffer);
      long out = bandwidth.send(Math.max(n, 0), wasThere ? lastOut : System.nanoTime());
      lastOut = out;
      if (n > 0) {
        sent.pass(buffer, n);
      }
      put(new Block(buffer, n, out + shape.get().roundTrip().toNanos() / 2));
      if (n < 0) {
        return;
      }
    }
  }

  /// Takes bytes off the link until the end has arrived, and passes that on.
  void receive() throws IOException, InterruptedException {
    while (true) {
      Block block = take();
      Bandwidth.sleepUntil(block.arrival());
      if (block.length() < 0) {
        to.shutdownOutput();
        return;
      }
      to.getOutputStream().write(block.bytes(), 0, block.length());
      received.pass(block.bytes(), block.length());
      giveBack(block.bytes());
    }
  }

  private int maxBlocks() {
    return SPARE_BLOCKS + (int) Math.min(1 << 12, shape.get().bytesUnderWay() * 3 / 2 / BLOCK);
  }

  private byte[] takeBuffer() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (free.isEmpty() && allocated >= maxBlocks()) {
        changed.await();
      }
      if (!free.isEmpty()) {
        return free.pop();
      }
      allocated++;
      return new byte[BLOCK];
    } finally {
      lock.unlock();
    }
  }

  private void giveBack(byte[] buffer) {
    lock.lock();
    try {
      free.push(buffer);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void put(Block block) {
    lock.lock();
    try {
      underWay.add(block);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private Block take() throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (underWay.isEmpty()) {
        changed.await();
      }
      return underWay.remove();
    } finally {
      lock.unlock();
    }
  }
}
