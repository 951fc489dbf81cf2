package dev.asterism.fuse;

import dev.asterism.fuse.wire.InHeader;
import dev.asterism.fuse.wire.InitIn;
import dev.asterism.fuse.wire.InitOut;
import dev.asterism.fuse.wire.Opcode;
import dev.asterism.fuse.wire.OutHeader;
import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.FuseDevice;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// The first messages on a new connection: which protocol and which of its features.
final class Handshake {
  private static final int MAJOR = 7;

  /// What our structs are of; the kernel sends and takes those of the lower minor.
  private static final int MINOR = 45;

  /// Linux 5.4. What is older has no `FUSE_NO_OPENDIR_SUPPORT`, and runs no container of ours.
  private static final int OLDEST_MINOR = 31;

  /// Asynchronous reads at a time. The kernel's 12 would leave a fast link idle at a far registry.
  private static final int MAX_BACKGROUND = 128;

  private static final int PAGE = 4096;

  private Handshake() {}

  /// Waits for INIT and answers it.
  ///
  /// @param maxRead bytes of the largest READ
  /// @throws IOException if the kernel's protocol is not one that we speak
  static Negotiated negotiate(FuseDevice device, int maxRead, int readAhead) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(Reader.BUFFER_SIZE, Long.BYTES);
      while (true) {
        int size = device.read(buffer);
        InHeader header = InHeader.decode(buffer);
        InitIn init = InitIn.decode(buffer.asSlice(InHeader.SIZE, size - (long) InHeader.SIZE));
        Pending request = new Pending(header, new Request.Refused(Errno.EPROTO), device);
        if (header.opcode() != Opcode.INIT
            || init.major() < MAJOR
            || (init.major() == MAJOR && init.minor() < OLDEST_MINOR)) {
          request.fail(Errno.EPROTO);
          throw new IOException(
              "the kernel speaks FUSE %d.%d, expected %d.%d or later (Linux 5.4)"
                  .formatted(init.major(), init.minor(), MAJOR, OLDEST_MINOR));
        }
        if (init.major() > MAJOR) {
          // It tries again with the major that this names.
          InitOut out = new InitOut(MAJOR, MINOR, 0, 0, 0, 0, 0, 0, 0, 0);
          request.succeed(InitOut.SIZE, out::encode);
          continue;
        }
        return agree(request, init, maxRead, readAhead);
      }
    }
  }

  private static Negotiated agree(Pending request, InitIn init, int maxRead, int readAhead)
      throws IOException {
    long flags = init.flags() & InitFlags.WANTED;
    InitOut out =
        new InitOut(
            MAJOR,
            MINOR,
            readAhead,
            flags,
            MAX_BACKGROUND,
            MAX_BACKGROUND * 3 / 4,
            PAGE, // nothing is written; more would only make every read(2) of the device larger
            1,
            maxRead / PAGE,
            (flags & InitFlags.PASSTHROUGH) != 0 ? 1 : 0);
    if (!request.succeed(InitOut.SIZE, out::encode)) {
      throw new IOException("the kernel did not take the answer to INIT " + out);
    }
    boolean large = (flags & InitFlags.MAX_PAGES) != 0;
    return new Negotiated(init.minor(), flags, large ? maxRead : Math.min(maxRead, 32 * PAGE));
  }

  /// Asks for every request again that was read but not answered (Linux 6.9).
  static void resend(FuseDevice device) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(OutHeader.SIZE, Long.BYTES);
      new OutHeader(OutHeader.SIZE, OutHeader.NOTIFY_RESEND, 0).encode(message);
      device.write(message);
    }
  }
}
