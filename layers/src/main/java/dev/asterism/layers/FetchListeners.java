package dev.asterism.layers;

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
  public void waited(LayerContent layer, LayerChunk chunk, CallWait wait) {
    listeners.forEach(listener -> listener.waited(layer, chunk, wait));
  }

  @Override
  public void arrived(LayerContent layer, LayerChunk chunk, FetchClass wanted) {
    listeners.forEach(listener -> listener.arrived(layer, chunk, wanted));
  }

  @Override
  public void fetched(LayerContent layer, FetchedRange range) {
    listeners.forEach(listener -> listener.fetched(layer, range));
  }

  @Override
  public void prefetchesAwaited(Duration time) {
    listeners.forEach(listener -> listener.prefetchesAwaited(time));
  }
}
