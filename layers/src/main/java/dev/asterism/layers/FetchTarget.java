package dev.asterism.layers;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;

/// Whose chunks are fetched: what the scheduler asks of a layer. Thread-safe.
interface FetchTarget {
  Digest digest();

  /// Returns where the bytes come from.
  Blob blob();

  /// Tells whether all of the layer is known to be needed: then it is fetched in long ranges.
  boolean isWholesale();

  /// Tells whether a chunk need not be fetched any more. Asked under a lock: it has to be quick.
  boolean isHere(LayerChunk chunk);

  /// Tells what makes a chunk the same as another layer's.
  Want.Name nameOf(LayerChunk chunk);

  /// Completes the flight of a chunk that is here.
  ///
  /// @throws IOException if it cannot be read after all: then it is fetched
  void land(LayerChunk chunk, Flight flight) throws IOException;

  /// Checks what was fetched.
  ///
  /// @throws IOException if the bytes are not the chunk's
  VerifiedChunk verify(LayerChunk chunk, byte[] bytes) throws IOException;

  /// Puts a chunk where it belongs.
  ///
  /// @param wanted the most urgent reason that somebody has for it
  Flight.Place place(LayerChunk chunk, VerifiedChunk bytes, FetchClass wanted);

  /// Is told that a chunk was fetched from here.
  void arrived(LayerChunk chunk, VerifiedChunk bytes, FetchClass wanted);

  /// Is told that a chunk cannot be had from here, whether anybody else has it or not.
  void failed(LayerChunk chunk, IOException cause, FetchClass wanted);

  /// Is told that a request for bytes of it has ended, well or not.
  void fetched(FetchedRange range);
}
