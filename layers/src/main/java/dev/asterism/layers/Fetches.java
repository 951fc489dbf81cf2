package dev.asterism.layers;

import java.io.IOException;
import java.util.List;

/// Asks a layer for many chunks at once, for a reason. Stateless.
final class Fetches {
  private Fetches() {}

  /// Starts to fetch what is missing of these, and returns at once.
  static FetchTicket start(LayerContent layer, List<LayerChunk> chunks, FetchClass reason) {
    FetchTicket ticket = new FetchTicket(_ -> {});
    chunks.forEach(_ -> ticket.added());
    ticket.allAdded();
    Thread.ofVirtual()
        .name(reason + " " + layer.digest())
        .start(() -> chunks.forEach(chunk -> ticket.over(fetch(layer, chunk))));
    return ticket;
  }

  private static boolean fetch(LayerContent layer, LayerChunk chunk) {
    if (layer.isStored(chunk) || layer.inMemory(chunk).isPresent()) {
      return true;
    }
    try {
      layer.want(chunk).place(Deadline.in(layer.shared().policy().patience()));
      return true;
    } catch (IOException _) {
      return false; // logged where it failed
    }
  }
}
