package dev.asterism.layers;

/// Why a chunk is fetched: the most urgent first. A class never begins to be fetched while a more
/// urgent one could be.
public enum FetchClass {
  /// A call of a container waits for it.
  READ,
  /// It lies where a container reads, or is what that needs next.
  READAHEAD,
  /// The image says that a start needs it.
  PREFETCH,
  /// An earlier start needed it.
  LEARNED,
  /// It stands near what a container uses, and nobody knows more.
  GUESS,
  /// It is all that is missing of a layer.
  BACKGROUND;

  /// Tells whether this goes before `other`.
  boolean isBefore(FetchClass other) {
    return compareTo(other) < 0;
  }

  /// Tells whether it is fetched because it might be used, and nobody has said or seen that it is.
  boolean isGuessed() {
    return this == READAHEAD || this == GUESS;
  }

  /// Tells whether a container is served by it now: then nothing in the background disturbs it.
  boolean isUrgent() {
    return this == READ || this == READAHEAD;
  }
}
