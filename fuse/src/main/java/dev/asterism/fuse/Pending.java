package dev.asterism.fuse;

import dev.asterism.fuse.wire.InHeader;
import dev.asterism.fuse.wire.OutHeader;
import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.FuseDevice;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/// A request that waits for its answer. Gets exactly one, whoever comes first: its handler, or the
/// watcher on behalf of a caller that is being killed. Thread-safe.
final class Pending {
  private static final Logger LOG = System.getLogger(Pending.class.getName());

  private final InHeader header;
  private final Request request;
  private final FuseDevice device;
  private final AtomicBoolean answered = new AtomicBoolean();
  private volatile boolean abandoned;

  /// @param device where the request was read, the only place where the kernel takes its answer
  Pending(InHeader header, Request request, FuseDevice device) {
    this.header = header;
    this.request = request;
    this.device = device;
  }

  InHeader header() {
    return header;
  }

  Request request() {
    return request;
  }

  RequestContext context() {
    return new RequestContext(header.uid(), header.gid(), header.pid());
  }

  /// Tells whether somebody has begun to answer.
  boolean answered() {
    return answered.get();
  }

  /// Leaves it unanswered, whatever its handler says later, unless somebody has begun to answer.
  void abandon() {
    if (answered.compareAndSet(false, true)) {
      abandoned = true;
    }
  }

  /// Tells whether it was left to another process to answer.
  boolean isAbandoned() {
    return abandoned;
  }

  /// Answers without a body.
  boolean succeed() {
    return succeed(0, _ -> {});
  }

  /// Answers with a body of `size` bytes that `encode` writes. Returns as [#send].
  boolean succeed(int size, Consumer<MemorySegment> encode) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(OutHeader.SIZE + (long) size, Long.BYTES);
      encode.accept(message.asSlice(OutHeader.SIZE));
      return send(message);
    }
  }

  /// Answers with a message whose body is there, and whose header this writes.
  ///
  /// @return false if the caller does not get it: it was answered before, is gone, or the
  ///   connection has ended
  boolean send(MemorySegment message) {
    return send(message, 0);
  }

  /// Fails the request. Returns as [#send].
  boolean fail(Errno errno) {
    try (Arena arena = Arena.ofConfined()) {
      return send(arena.allocate(OutHeader.SIZE, Long.BYTES), -errno.number());
    }
  }

  private boolean send(MemorySegment message, int error) {
    new OutHeader((int) message.byteSize(), error, header.unique()).encode(message);
    if (!answered.compareAndSet(false, true)) {
      return false;
    }
    try {
      device.write(message);
      return true;
    } catch (ErrnoException e) {
      if (e.is(Errno.EINVAL)) {
        LOG.log(Level.ERROR, "the kernel refused an answer: " + header + " " + request, e);
      }
      // ENOENT: the kernel gave the request up. EBADF, ENODEV, EPERM: the connection has ended.
      return false;
    }
  }
}
