package dev.asterism.fuse;

/// Bits of INIT, from `linux/fuse.h`; those above 31 travel in `flags2`.
final class InitFlags {
  static final long ASYNC_READ = 1L;
  static final long DO_READDIRPLUS = 1L << 13;
  static final long READDIRPLUS_AUTO = 1L << 14;
  static final long PARALLEL_DIROPS = 1L << 18;
  static final long MAX_PAGES = 1L << 22;
  static final long CACHE_SYMLINKS = 1L << 23;
  static final long NO_OPENDIR_SUPPORT = 1L << 24;
  static final long EXPLICIT_INVAL_DATA = 1L << 25;
  static final long INIT_EXT = 1L << 30;
  static final long PASSTHROUGH = 1L << 37;
  static final long HAS_RESEND = 1L << 39;

  /// What an immutable tree wants. `AUTO_INVAL_DATA` stays out: content never changes under the
  /// kernel's pages.
  static final long WANTED =
      ASYNC_READ
          | DO_READDIRPLUS
          | READDIRPLUS_AUTO
          | PARALLEL_DIROPS
          | MAX_PAGES
          | CACHE_SYMLINKS
          | NO_OPENDIR_SUPPORT
          | EXPLICIT_INVAL_DATA
          | INIT_EXT
          | PASSTHROUGH
          | HAS_RESEND;

  private InitFlags() {}
}
