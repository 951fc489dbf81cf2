package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Fetches the part of a layer that the image says a start needs: what lies before the landmark, or
/// as much as a label or the configuration says.
///
/// All layers of an image at once; each has a few megabytes asked for at a time, so that the
/// lowest, which comes first, does not keep the link from those above it. A layer is prefetched
/// once. Thread-safe.
final class Prefetch {
  private static final Logger LOGGER = System.getLogger(Prefetch.class.getName());

  /// Compressed bytes that are asked for together, where the link does not carry more in a round
  /// trip.
  private static final long SLICE = 2L << 20; // 2 MiB

  private static final int SLICES_AT_A_TIME = 2;

  private final StartPolicy.Prefetching policy;

  /// Those that are under way or over, by layer; forgotten with the layer.
  private final ConcurrentMap<Digest, Running> known = new ConcurrentHashMap<>();

  Prefetch(StartPolicy.Prefetching policy) {
    this.policy = policy;
  }

  /// One layer's prefetch.
  ///
  /// @param bytes how many compressed bytes it reaches
  /// @param listeners are told when it was waited for
  private record Running(long bytes, CompletableFuture<Void> done, FetchListener listeners) {
    Running over() {
      return new Running(bytes, CompletableFuture.completedFuture(null), listeners);
    }
  }

  /// Starts to prefetch a layer, unless that has been done. Returns at once.
  ///
  /// @param label what a label says, in compressed bytes
  void begin(LayerContent layer, PrefetchMark mark, OptionalLong label) {
    long bytes = policy.enabled() ? bytes(layer, mark, label) : 0;
    if (bytes <= 0) {
      return;
    }
    Running mine = new Running(bytes, new CompletableFuture<>(), layer.shared().listeners());
    if (known.putIfAbsent(layer.digest(), mine) == null) {
      Thread.ofVirtual().name("prefetch " + layer.digest()).start(() -> run(layer, mine));
    }
  }

  private long bytes(LayerContent layer, PrefetchMark mark, OptionalLong label) {
    return switch (mark) {
      case PrefetchMark.UpTo(long offset) -> offset;
      case PrefetchMark.Nothing _ -> 0;
      case PrefetchMark.Unsaid _ -> Math.min(label.orElse(policy.size()), layer.table().blobSize());
    };
  }

  private static void run(LayerContent layer, Running running) {
    long begin = System.nanoTime();
    int failed = 0;
    try {
      ChunkSlices slices =
          new ChunkSlices(
              layer.table(), 0, running.bytes(), chunk -> !layer.stored().isStored(chunk));
      List<FetchTicket> tickets = new ArrayList<>();
      List<LayerChunk> slice = slices.next(slice(layer));
      while (!slice.isEmpty()) {
        tickets.add(layer.fetch(slice, FetchClass.PREFETCH));
        if (tickets.size() >= SLICES_AT_A_TIME) {
          tickets.get(tickets.size() - SLICES_AT_A_TIME).done().join();
        }
        slice = slices.next(slice(layer));
      }
      for (FetchTicket ticket : tickets) {
        ticket.done().join();
        failed += ticket.failed();
      }
    } finally {
      running.done().complete(null);
    }
    LOGGER.log(
        failed == 0 || layer.isGone() ? Level.DEBUG : Level.WARNING,
        "prefetched layer={0} prefetch_size={1} chunks-failed={2} millis={3}",
        layer.digest(),
        String.valueOf(running.bytes()),
        failed,
        String.valueOf(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin)));
  }

  private static long slice(LayerContent layer) {
    return Math.max(SLICE, layer.shared().scheduler().link(layer.host()).product());
  }

  /// Waits for the prefetch of these layers as long as the configuration says, together. One that
  /// was waited for, or that is too large to be waited for, is not waited for again.
  void await(Collection<Digest> layers) {
    long begin = System.nanoTime();
    long end = begin + policy.patience().toNanos();
    Optional<FetchListener> listeners = Optional.empty();
    for (Digest layer : layers) {
      Running running = known.get(layer);
      if (running != null) {
        listeners = Optional.of(running.listeners());
      }
      if (running != null && isWaitedFor(running)) {
        await(running.done(), Duration.ofNanos(Math.max(0, end - System.nanoTime())));
        known.put(layer, running.over());
      }
    }
    Duration waited = Duration.ofNanos(System.nanoTime() - begin);
    listeners.ifPresent(listener -> listener.prefetchesAwaited(waited));
  }

  private boolean isWaitedFor(Running running) {
    return !running.done().isDone()
        && policy.patience().isPositive()
        && (policy.asyncSize() == 0 || running.bytes() <= policy.asyncSize());
  }

  private static void await(Future<Void> done, Duration patience) {
    try {
      done.get(patience.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException _) {
      // The container starts without it: what it reads comes first anyway.
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Forgets layers that are mounted no more: mounted again, they are prefetched again.
  void retain(Collection<Digest> layers) {
    known.keySet().retainAll(layers);
  }
}
