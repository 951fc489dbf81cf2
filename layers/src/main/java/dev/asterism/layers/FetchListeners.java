package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// All that want to be told, as one. Thread-safe.
final class FetchListeners implements FetchListener {
  private final List<FetchListener> listeners = new CopyOnWriteArrayList<>();

  void add(FetchListener listener) {
    listeners.add(listener);
  }

  void remove(FetchListener listener) {
    listeners.remove(listener);
  }

  @Override
  public void used(LayerContent layer, LayerChunk chunk, Found found) {
    listeners.forEach(listener -> listener.used(layer, chunk, found));
  }

  @Override
  public void waited(LayerContent layer, LayerChunk chunk, Duration time, boolean came) {
    listeners.forEach(listener -> listener.waited(layer, chunk, time, came));
  }

  @Override
  public void arrived(LayerContent layer, LayerChunk chunk, FetchClass wanted) {
    listeners.forEach(listener -> listener.arrived(layer, chunk, wanted));
  }

  @Override
  public void fetched(LayerContent layer, ByteRange range, FetchClass wanted, Duration took) {
    listeners.forEach(listener -> listener.fetched(layer, range, wanted, took));
  }

  @Override
  public void prefetchesAwaited(Duration time) {
    listeners.forEach(listener -> listener.prefetchesAwaited(time));
  }
}
