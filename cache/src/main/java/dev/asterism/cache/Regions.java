package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.util.Collections;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Where in a larger file the bytes of a chunk lie. Thread-safe.
///
/// A region is proven when its bytes were hashed to the digest in this process, else it is what
/// some TOC claims: a TOC may name another image's chunk, so a claim is hashed before it is
/// believed. Proof is never replaced by a claim.
///
/// Bounded: beyond [#MAX] some others are forgotten. That costs no more than fetching such a chunk
/// again where it is needed outside its file.
final class Regions {
  /// Some 130 bytes each, 17 MB. With chunks of 4 MiB these are half a terabyte of files.
  static final int MAX = 1 << 17;

  /// @param file the one it lies in
  /// @param offset first byte
  /// @param size bytes
  record Region(Digest file, long offset, long size, Standing standing) {}

  /// How far a region is to be believed.
  enum Standing {
    CLAIMED,
    PROVEN
  }

  private final ConcurrentHashMap<Digest, Region> regions = new ConcurrentHashMap<>();

  /// Goes round and round through the regions to find one to forget.
  private Iterator<Digest> hand = Collections.emptyIterator(); // guarded by this

  Optional<Region> find(Digest chunk, long size) {
    return Optional.ofNullable(regions.get(chunk)).filter(region -> region.size == size);
  }

  void claim(Digest chunk, Digest file, long offset, long size) {
    regions.putIfAbsent(chunk, new Region(file, offset, size, Standing.CLAIMED));
    forgetSome();
  }

  void prove(Digest chunk, Digest file, long offset, long size) {
    regions.put(chunk, new Region(file, offset, size, Standing.PROVEN));
    forgetSome();
  }

  /// Forgets a region that turned out to be wrong or gone.
  void remove(Digest chunk, Region region) {
    regions.remove(chunk, region);
  }

  /// Opens the file that a region lies in, at `path`; empty, and forgotten, if that is not there or
  /// holds something else.
  Optional<Stored> open(Digest chunk, Region region, String path, CacheDisk disk, Tally tally) {
    try {
      FileChannel file = disk.open(path);
      if (isProven(chunk, region, file)) {
        return Optional.of(new Stored(path, file, region.offset(), region.size()));
      }
      file.close();
    } catch (IOException e) {
      tally.readFailed(path, e);
    }
    remove(chunk, region);
    return Optional.empty();
  }

  private boolean isProven(Digest chunk, Region region, FileChannel file) throws IOException {
    return switch (region.standing()) {
      case PROVEN -> true;
      case CLAIMED -> {
        boolean right = Hashes.of(file, region.offset(), region.size()).equals(chunk);
        if (right) {
          prove(chunk, region.file(), region.offset(), region.size());
        }
        yield right;
      }
    };
  }

  private void forgetSome() {
    if (regions.size() <= MAX) {
      return;
    }
    synchronized (this) {
      while (regions.size() > MAX) {
        if (!hand.hasNext()) {
          hand = regions.keySet().iterator();
        }
        hand.next();
        hand.remove();
      }
    }
  }

  /// Returns how many are known.
  int size() {
    return regions.size();
  }
}
