package dev.asterism.layers;

import java.util.ArrayList;
import java.util.List;

/// One layer's part in a [Want]: its chunk, and the flight that its readers wait for. Guarded by
/// the lock of the [Link].
final class Claim {
  private final FetchTarget layer;
  private final LayerChunk chunk;
  private final Flight flight;
  private final List<FetchTicket> tickets = new ArrayList<>(1);

  Claim(FetchTarget layer, LayerChunk chunk, Flight flight) {
    this.layer = layer;
    this.chunk = chunk;
    this.flight = flight;
  }

  FetchTarget layer() {
    return layer;
  }

  LayerChunk chunk() {
    return chunk;
  }

  Flight flight() {
    return flight;
  }

  List<FetchTicket> tickets() {
    return tickets;
  }
}
