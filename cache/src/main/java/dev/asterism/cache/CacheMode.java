package dev.asterism.cache;

/// Whether layers share equal content. What was stored in one mode is not used in the other.
public enum CacheMode {
  /// One file for each digest, hard links for the layers.
  SHARED,
  /// Each layer has copies of its own.
  PLAIN;

  /// Returns the mode that is asked for, or the one that the file system leaves.
  ///
  /// What may pass, a full disk for instance, is no reason: links fail one by one then.
  static CacheMode of(DirectoryCacheConfig config, DiskAbilities abilities) {
    boolean able = abilities.noLinks().map(CacheMode::mayPass).orElse(true);
    return config.enableHardlink() && able ? SHARED : PLAIN;
  }

  private static boolean mayPass(Cause cause) {
    return cause != Cause.NOT_PERMITTED && cause != Cause.OTHER_FILE_SYSTEM;
  }
}
