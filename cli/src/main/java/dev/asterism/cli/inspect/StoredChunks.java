package dev.asterism.cli.inspect;

import dev.asterism.content.Digest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;

/// What a store holds, seen from outside: the daemon that owns it may be running.
///
/// An object's path is its digest (docs/overview.md, "On disk").
final class StoredChunks implements Predicate<Digest> {
  private final Path cache;

  /// @param root the daemon's; need not be there
  StoredChunks(Path root) {
    cache = root.resolve("cache");
  }

  @Override
  public boolean test(Digest digest) {
    return has("objects", digest) || has("chunks", digest);
  }

  private boolean has(String kind, Digest digest) {
    String hex = digest.hex();
    return Files.exists(cache.resolve(kind).resolve(hex.substring(0, 2)).resolve(hex));
  }
}
