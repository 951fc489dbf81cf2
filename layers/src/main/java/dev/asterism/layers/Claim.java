package dev.asterism.layers;

import dev.asterism.content.Trace;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One layer's part in a [Want]: its chunk, and the flight that its readers wait for. Guarded by
/// the lock of the [Link].
final class Claim {
  private final FetchTarget layer;
  private final LayerChunk chunk;
  private final Flight flight;
  private volatile Optional<Trace.Place> reader = Optional.empty();
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

  /// Notes the trace of a read that waits for it; the first one's is kept.
  void readBy(Optional<Trace.Place> place) {
    if (reader.isEmpty()) {
      reader = place;
    }
  }

  /// Returns the trace of the read that waits for it; empty if none does, or nobody records. May be
  /// read without the lock.
  Optional<Trace.Place> reader() {
    return reader;
  }

  List<FetchTicket> tickets() {
    return tickets;
  }
}
