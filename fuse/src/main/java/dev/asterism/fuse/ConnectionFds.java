package dev.asterism.fuse;

import dev.asterism.linux.Fd;
import java.util.List;

/// The descriptors that a FUSE connection lives by.
///
/// As long as any process holds a device open, the mount waits for its server instead of failing;
/// and what was read from a device is not lost while that very device is held. So all of them are
/// kept. Immutable; does not close them.
///
/// @param devices every device of the connection
/// @param ledger the memory in which the session keeps what the kernel was told
public record ConnectionFds(List<Fd> devices, Fd ledger) {
  /// Copies the list, which has one device at least.
  public ConnectionFds {
    devices = List.copyOf(devices);
    if (devices.isEmpty()) {
      throw new IllegalArgumentException("no device");
    }
  }
}
