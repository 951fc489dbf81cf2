package dev.asterism.cache;

/// How thoroughly a store is verified. Immutable.
///
/// @param hashes whether every byte is read and hashed, at the speed of the disk
/// @param repair whether what is wrong goes: it is fetched again when it is needed
public record VerifyOptions(boolean hashes, boolean repair) {
  /// Names, sizes, modes and links only.
  public static final VerifyOptions QUICK = new VerifyOptions(false, false);

  /// Every byte as well.
  public static final VerifyOptions FULL = new VerifyOptions(true, false);

  /// Returns these, with repair.
  public VerifyOptions withRepair() {
    return new VerifyOptions(hashes, true);
  }
}
