package dev.asterism.layers;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/// Reads another stream ahead in a thread of its own, so that the network goes on while what has
/// come is inflated, hashed and stored.
///
/// At most [#BLOCKS] blocks of [#BLOCK] bytes are ahead of the reader; they are used again and
/// again. For one reading thread.
final class AheadStream extends InputStream {
  private static final int BLOCK = 32 << 10; // 32 KiB
  private static final int BLOCKS = 32; // 1 MiB in all
  private static final Duration LOOK = Duration.ofMillis(1);

  /// What was read at once: the first `length` bytes, 0 of them at the end, and what ended the
  /// stream, if it was not its regular end.
  private static final class Block {
    final byte[] bytes;
    final int length;
    final Optional<IOException> failure;

    Block(byte[] bytes, int length, Optional<IOException> failure) {
      this.bytes = bytes;
      this.length = length;
      this.failure = failure;
    }
  }

  private static final Block END = new Block(new byte[0], 0, Optional.empty());

  private final InputStream in;
  private final BlockingQueue<Block> full = new ArrayBlockingQueue<>(BLOCKS + 1);
  private final BlockingQueue<byte[]> empty = new ArrayBlockingQueue<>(BLOCKS);
  private final Thread thread;
  private int made; // blocks; the thread's own
  private volatile long left; // bytes; written by the thread
  private Block current = END;
  private int position;
  private boolean ended;

  /// @param in read by the thread alone from now on, and not closed by this
  /// @param length bytes after which the thread ends; it does not look for the end behind them
  AheadStream(InputStream in, long length) {
    this.in = in;
    left = length;
    thread = Thread.ofVirtual().name("ahead").start(this::readAll);
  }

  private void readAll() {
    try {
      full.put(readBlocks());
    } catch (InterruptedException _) {
      // Closed: nobody reads on.
    }
  }

  private Block readBlocks() throws InterruptedException {
    long rest = left;
    while (rest > 0) {
      byte[] bytes = block();
      int count;
      try {
        count = in.read(bytes, 0, (int) Math.min(bytes.length, rest));
      } catch (IOException e) {
        return new Block(bytes, 0, Optional.of(e));
      } catch (RuntimeException e) {
        return new Block(bytes, 0, Optional.of(new IOException("a bug while reading: " + e, e)));
      }
      if (count < 0) {
        return END;
      }
      full.put(new Block(bytes, count, Optional.empty()));
      rest -= count;
      left = rest;
    }
    return END;
  }

  private byte[] block() throws InterruptedException {
    byte[] used = empty.poll();
    if (used != null) {
      return used;
    }
    if (made == BLOCKS) {
      return empty.take();
    }
    made++;
    return new byte[BLOCK];
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] buffer, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, buffer.length);
    if (length == 0) {
      return 0;
    }
    if (position == current.length && !next()) {
      return -1;
    }
    int count = Math.min(length, current.length - position);
    System.arraycopy(current.bytes, position, buffer, offset, count);
    position += count;
    return count;
  }

  private boolean next() throws IOException {
    if (ended) {
      return false;
    }
    if (current.length > 0) {
      empty.add(current.bytes);
    }
    current = END; // whatever follows: its bytes are the thread's again
    position = 0;
    try {
      current = full.take();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (InterruptedIOException)
          new InterruptedIOException("interrupted while waiting for the network").initCause(e);
    }
    ended = current.length == 0;
    if (current.failure.isPresent()) {
      throw current.failure.get();
    }
    return !ended;
  }

  /// Ends the thread. A last bit that nobody wants is still read, so that the connection can be
  /// used again; more is given up by interrupting the thread, which ends the other stream too.
  @Override
  public void close() {
    if (left > BLOCK) {
      thread.interrupt();
    }
    boolean interrupted = false;
    boolean over = false;
    while (!over) {
      try {
        over = thread.join(LOOK);
      } catch (InterruptedException _) {
        interrupted = true;
      }
      for (Block block = full.poll(); block != null; block = full.poll()) {
        if (block.length > 0) {
          empty.add(block.bytes);
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
