package dev.asterism.fuse;

/// What the kernel and the session agreed on when the mount was made. Immutable.
///
/// @param minor protocol 7.`minor` of the kernel
/// @param flags the `FUSE_*` bits of INIT that both want, 64 of them
/// @param maxRead bytes of the largest READ
public record Negotiated(int minor, long flags, int maxRead) {
  /// Tells whether files can be passed through to the kernel (`FUSE_PASSTHROUGH`, Linux 6.9).
  public boolean passthrough() {
    return has(InitFlags.PASSTHROUGH);
  }

  /// Tells whether requests survive the process that took them (`FUSE_HAS_RESEND`, Linux 6.9).
  public boolean resend() {
    return has(InitFlags.HAS_RESEND);
  }

  boolean has(long flag) {
    return (flags & flag) != 0;
  }
}
