package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Where in a larger object the bytes of a chunk lie. Thread-safe.
///
/// A region is proven when its bytes were hashed to the digest in this process, else it is what
/// some TOC claims: a TOC may name another image's chunk, so a claim is hashed before it is
/// believed. Proof is never replaced by a claim.
final class Regions {
  /// @param file the object it lies in
  /// @param offset first byte
  /// @param size bytes
  record Region(Digest file, long offset, long size, Standing standing) {}

  /// How far a region is to be believed.
  enum Standing {
    CLAIMED,
    PROVEN
  }

  private final ConcurrentHashMap<Digest, Region> regions = new ConcurrentHashMap<>();

  Optional<Region> find(Digest chunk, long size) {
    return Optional.ofNullable(regions.get(chunk)).filter(region -> region.size == size);
  }

  void claim(Digest chunk, Digest file, long offset, long size) {
    regions.putIfAbsent(chunk, new Region(file, offset, size, Standing.CLAIMED));
  }

  void prove(Digest chunk, Digest file, long offset, long size) {
    regions.put(chunk, new Region(file, offset, size, Standing.PROVEN));
  }

  /// Forgets a region that turned out to be wrong or gone.
  void remove(Digest chunk, Region region) {
    regions.remove(chunk, region);
  }
}
