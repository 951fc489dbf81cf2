package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

/// Fetches what is missing of every mounted layer and notes which are complete: of each registry
/// host one layer after the other, and of all hosts side by side, so that one that does not answer
/// holds up what comes from no other.
///
/// It asks for little at a time and in the lowest class: whatever else is wanted goes first. While
/// a start is going on it asks for nothing: between two reads of a program the link may well be
/// idle, and what is asked for then is in the way of the next read. What is there is found by
/// looking, so a restart goes on where the last process was. A layer that cannot be had now is
/// tried again later, the longer the more often it failed. Thread-safe.
final class BackgroundFetch implements AutoCloseable {
  private final StartPolicy.Background policy;
  private final Predicate<LayerContent> isMounted;
  private final BooleanSupplier isStarting;

  /// By the name that images have for a host: a few.
  @GuardedBy("this")
  private final Map<String, HostBackground> hosts = new HashMap<>();

  @GuardedBy("this")
  private boolean closed;

  /// @param isMounted tells whether a layer is still worth fetching
  /// @param isStarting tells whether a start needs the link; not for ever
  BackgroundFetch(
      StartPolicy.Background policy,
      Predicate<LayerContent> isMounted,
      BooleanSupplier isStarting) {
    this.policy = policy;
    this.isMounted = isMounted;
    this.isStarting = isStarting;
  }

  /// Has a layer fetched, unless it is complete, or known already, or cannot be kept: of a layer
  /// that was not verified nothing stays.
  void add(LayerContent layer, LayerDirectory directory) {
    if (!directory.isComplete() && layer.table().verified()) {
      addMissing(layer, directory);
    }
  }

  private synchronized void addMissing(LayerContent layer, LayerDirectory directory) {
    if (!closed) {
      hosts
          .computeIfAbsent(
              layer.host(),
              host -> new HostBackground(host, policy.maxConcurrency(), isMounted, isStarting))
          .add(layer, directory);
    }
  }

  /// Stops. What is under way is finished by others.
  @Override
  public synchronized void close() {
    closed = true;
    hosts.values().forEach(HostBackground::close);
  }
}
