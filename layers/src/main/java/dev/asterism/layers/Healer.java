package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;

/// Fetches again what was found wrong in the store, through any mounted layer that lists it.
///
/// What no mounted layer lists as a file, a part of a larger one for instance, comes when somebody
/// reads it. Thread-safe.
final class Healer {
  private static final Logger LOGGER = System.getLogger(Healer.class.getName());

  private final Fetching fetching;

  Healer(Fetching fetching) {
    this.fetching = fetching;
  }

  /// Starts to fetch a file; returns at once.
  void heal(Digest digest) {
    Thread.ofVirtual().name("heal " + digest).start(() -> fetch(digest));
  }

  private void fetch(Digest digest) {
    for (Catalog.Location location : fetching.catalog().find(digest)) {
      try {
        fetch(location);
        fetching.store().healed();
        LOGGER.log(Level.INFO, "healed object={0} layer={1}", digest, location.layer().digest());
        return;
      } catch (IOException e) {
        location.layer().noteTrouble();
        LOGGER.log(
            Level.WARNING,
            "cannot heal object={0} layer={1} cause=\"{2}\"",
            digest,
            location.layer().digest(),
            e.getMessage());
      }
    }
  }

  /// Chunk by chunk: what is wanted here must not fill the memory that readers wait for.
  private void fetch(Catalog.Location location) throws IOException {
    ChunkTable table = location.layer().table();
    for (int position = 0; position < location.object().chunks(); position++) {
      LayerChunk chunk = table.chunk(table.chunkOf(location.object(), position));
      if (!location.layer().stored().isStored(chunk)) {
        Flight.Place _ =
            location.layer().want(chunk).place(Deadline.in(fetching.policy().patience()));
      }
    }
    location.layer().stored().completeIfHere(location.object());
  }
}
