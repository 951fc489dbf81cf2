package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.InstantSource;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// When each layer was last under a snapshot that somebody could read.
///
/// The kernel reads the store without telling anybody, so this is what is known of last use. It is
/// kept as the modification time of the layer's directory, which survives restarts and needs no
/// index; the kernel sets it as well when the first link of a sort comes to the layer, which is use
/// too. Thread-safe.
final class Activity {
  private static final System.Logger LOG = System.getLogger(Activity.class.getName());

  private final CacheLayout layout;
  private final InstantSource clock;
  private volatile Set<Digest> active = Set.of();

  Activity(CacheLayout layout, InstantSource clock) {
    this.layout = layout;
    this.clock = clock;
  }

  /// Notes that layers are being mounted.
  synchronized void mounted(Collection<Digest> layers) {
    Set<Digest> now = new HashSet<>(active);
    now.addAll(layers);
    active = Set.copyOf(now);
    layers.forEach(this::touch);
  }

  /// Notes which layers, and no others, are under snapshots now.
  synchronized void only(Set<Digest> layers) {
    Set<Digest> before = active;
    active = Set.copyOf(layers);
    before.stream().filter(layer -> !layers.contains(layer)).forEach(this::touch);
  }

  /// Writes down that the layers that are in use are: for the next process.
  void remember() {
    active.forEach(this::touch);
  }

  /// Returns when a layer was last active, in seconds of the epoch; [Survey#ACTIVE] if it is.
  int lastUse(Digest layer) {
    if (active.contains(layer)) {
      return Survey.ACTIVE;
    }
    int last = 0;
    for (Path directory : directories(layer)) {
      try {
        long seconds = Files.getLastModifiedTime(directory).toMillis() / 1000;
        last = Math.max(last, (int) Math.clamp(seconds, 0, Survey.ACTIVE - 1L));
      } catch (IOException _) {
        // not there, or going
      }
    }
    return last;
  }

  private void touch(Digest layer) {
    for (Path directory : directories(layer)) {
      try {
        Files.setLastModifiedTime(directory, FileTime.from(clock.instant()));
      } catch (NoSuchFileException _) {
        // it holds nothing yet
      } catch (IOException e) {
        LOG.log(System.Logger.Level.DEBUG, "last use not written layer=" + layer, e);
      }
    }
  }

  private List<Path> directories(Digest layer) {
    return layout.directoriesOf(layer).stream().map(Path::of).toList();
  }
}
