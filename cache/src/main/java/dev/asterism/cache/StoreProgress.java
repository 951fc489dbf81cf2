package dev.asterism.cache;

/// Takes how far something has come that looks through the whole store. Called on the thread that
/// does it.
public interface StoreProgress {
  /// Nobody looks.
  StoreProgress NONE = (_, _, _) -> {};

  /// Takes where it is.
  ///
  /// @param phase what is being done, a few words
  /// @param done how many of `total`
  /// @param total 0 while it is not known
  void at(String phase, long done, long total);
}
