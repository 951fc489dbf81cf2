package dev.asterism.fuse;

import dev.asterism.fuse.wire.InHeader;
import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.FuseDevice;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/// Takes messages from one device and hands them on, until the connection ends. Never waits for
/// anything but the kernel.
final class Reader implements Runnable {
  /// Bytes of the longest message taken. The kernel wants 8 KiB at least (`FUSE_MIN_READ_BUFFER`);
  /// more lets it send more FORGETs at a time.
  static final int BUFFER_SIZE = 64 << 10; // 64 KiB

  private static final Logger LOG = System.getLogger(Reader.class.getName());

  private final FuseDevice device;
  private final PendingRequests requests;
  private final InterruptWatcher watcher;
  private final Handlers handlers;
  private final Operations operations;
  private final AtomicBoolean leaving;

  /// @param leaving once set, what is read is given back to the kernel, and the reader ends
  Reader(
      FuseDevice device,
      PendingRequests requests,
      InterruptWatcher watcher,
      Handlers handlers,
      Operations operations,
      AtomicBoolean leaving) {
    this.device = device;
    this.requests = requests;
    this.watcher = watcher;
    this.handlers = handlers;
    this.operations = operations;
    this.leaving = leaving;
  }

  @Override
  public void run() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(BUFFER_SIZE, 4096);
      while (true) {
        try {
          int size = device.read(buffer);
          if (leaving.get()) {
            Handshake.resend(device);
            return;
          }
          accept(buffer.asSlice(0, size));
        } catch (ErrnoException e) {
          if (e.is(Errno.ENODEV) || e.is(Errno.EBADF)) {
            return;
          }
          if (!e.is(Errno.ENOENT) && !e.is(Errno.EINTR) && !e.is(Errno.EAGAIN)) {
            LOG.log(Level.ERROR, "a reader of " + device.fd() + " ends", e);
            return;
          }
        }
      }
    }
  }

  private void accept(MemorySegment message) {
    if (message.byteSize() < InHeader.SIZE) {
      LOG.log(Level.ERROR, "a message of " + message.byteSize() + " bytes");
      return;
    }
    InHeader header = InHeader.decode(message);
    Request request;
    try {
      request = Request.decode(header, message.asSlice(InHeader.SIZE));
    } catch (IndexOutOfBoundsException e) {
      LOG.log(Level.ERROR, "a message that is too short: " + header, e);
      request = new Request.Refused(Errno.EIO);
    }
    Pending pending = new Pending(header, request, device);
    switch (request) {
      case Request.Interrupt(long unique) -> requests.interrupted(unique).ifPresent(watcher::watch);
      case Request.Forget _ -> handlers.submit(() -> operations.handle(pending));
      case Request.Lookup _,
          Request.Getattr _,
          Request.Readlink _,
          Request.Open _,
          Request.Read _,
          Request.Release _,
          Request.Opendir _,
          Request.Readdir _,
          Request.Readdirplus _,
          Request.Releasedir _,
          Request.Statfs _,
          Request.Getxattr _,
          Request.Listxattr _,
          Request.Destroy _,
          Request.Refused _ ->
          expectAnswer(pending);
    }
  }

  private void expectAnswer(Pending pending) {
    if (requests.add(pending)) {
      watcher.watch(pending);
    }
    handlers.submit(() -> {
      try {
        operations.handle(pending);
      } finally {
        requests.remove(pending);
      }
    });
  }
}
