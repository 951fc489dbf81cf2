package dev.asterism.cache;

import dev.asterism.cache.index.LinksIndex;
import dev.asterism.cache.index.Place;
import dev.asterism.content.Digest;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;

/// Finds the links of layers that the index does not know, and what they hold: those of a process
/// that died before it wrote them down, or all of them where the links file was lost.
///
/// Listings alone tell: a link and the name under its digest have one inode. Some are looked for at
/// a time, so that memory is bounded. Confined to one thread; made for one run.
final class UnknownLinks {
  /// Links that are looked for at once: some 15 MB.
  private static final int BATCH = 100_000;

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final LinksIndex index;
  private final DigestFiles files;
  private final Pace pace;
  private final StoreWalk walk;
  private final Map<Long, List<Unknown>> batch = new HashMap<>();
  private int inBatch;
  private long found;

  /// A link that is not known.
  private record Unknown(Digest layer, ChunkKey key) {}

  UnknownLinks(CacheLayout layout, CacheDisk disk, LinksIndex index, DigestFiles files, Pace pace) {
    this.layout = layout;
    this.disk = disk;
    this.index = index;
    this.files = files;
    this.pace = pace;
    this.walk = new StoreWalk(layout);
  }

  /// Looks at everything, unless it is stopped before.
  ///
  /// @return how many links are known now that were not
  long find() throws IOException {
    for (Digest layer : walk.layers()) {
      walk.layer(layer, (key, _, inode) -> look(layer, key, inode));
      if (pace.isStopped()) {
        return found;
      }
    }
    search();
    return found;
  }

  private void look(Digest layer, ChunkKey key, long inode) throws IOException {
    if (pace.name() || index.find(layer, key.entry(), key.chunkOffset()).isPresent()) {
      return;
    }
    batch.computeIfAbsent(inode, _ -> new ArrayList<>(1)).add(new Unknown(layer, key));
    if (++inBatch >= BATCH) {
      search();
    }
  }

  /// Looks for the digests of a batch.
  private void search() throws IOException {
    for (StoreWalk.Place place : List.of(StoreWalk.Place.OBJECT, StoreWalk.Place.CHUNK)) {
      for (int fan = 0; fan < CacheLayout.FAN_OUT.size() && !batch.isEmpty(); fan++) {
        walk.digests(
            place,
            fan,
            (digest, path, inode) -> {
              List<Unknown> links = pace.name() ? List.of() : batch.getOrDefault(inode, List.of());
              for (Unknown link : links) {
                found(layout.placeOf(path), digest, path, link);
              }
            });
      }
    }
    batch.clear();
    inBatch = 0;
  }

  private void found(Place place, Digest digest, String path, Unknown link) throws IOException {
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      Optional<FileStatus> file = disk.status(path);
      Optional<FileStatus> linked = disk.status(layout.key(link.layer, link.key));
      if (file.isPresent()
          && linked.isPresent()
          && file.get().isSameFile(linked.get())
          && index.find(link.layer, link.key.entry(), link.key.chunkOffset()).isEmpty()) {
        index.seen(place, digest, file.get().size());
        index.linked(link.layer, link.key.entry(), link.key.chunkOffset(), digest);
        found++;
      }
    } finally {
      lock.unlock();
    }
  }
}
