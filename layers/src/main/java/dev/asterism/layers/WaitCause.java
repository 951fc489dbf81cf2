package dev.asterism.layers;

/// What a call of a container that waits for a chunk waits for.
public enum WaitCause {
  /// Nobody had asked for it: a round trip, and its bytes.
  COLD,
  /// It was on its way already, in a range that somebody else had asked for or that it lies in.
  COMING,
  /// Its turn: other ranges were on their way, or it had been queued for less.
  QUEUED,
  /// A request for it failed and was repeated, or it could not be had.
  REPEATED,
  /// Nothing more of the registry: its bytes had come and were unpacked, checked and stored.
  UNPACKED
}
