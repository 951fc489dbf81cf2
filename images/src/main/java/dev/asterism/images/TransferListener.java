package dev.asterism.images;

import dev.asterism.registry.Descriptor;

/// Is told how a transfer gets on, by several threads at once.
public interface TransferListener {
  /// Tells nobody.
  TransferListener NONE =
      new TransferListener() {
        @Override
        public void progressed(Descriptor blob, Step step, long bytes) {}

        @Override
        public void finished(Descriptor from, Descriptor to, Outcome outcome) {}
      };

  /// What is being done with a blob.
  enum Step {
    /// It is read and made into another one; bytes count those read.
    CONVERT,
    /// It is written; bytes count those that are there.
    WRITE
  }

  /// What became of a blob.
  enum Outcome {
    /// Another one was made of it and written.
    CONVERTED,
    /// An earlier conversion of it was where it should go.
    REUSED,
    /// It was written as it is.
    COPIED,
    /// It was there.
    PRESENT
  }

  /// A blob gets on.
  void progressed(Descriptor blob, Step step, long bytes);

  /// Something is odd about a layer, and no failure.
  ///
  /// @param text one sentence; what of it is the layer's is quoted
  default void remarked(Descriptor layer, String text) {}

  /// A blob is done.
  void finished(Descriptor from, Descriptor to, Outcome outcome);
}
