package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What stands under the digests that begin with one byte, in `objects`, `chunks` and `fresh`.
/// Immutable.
///
/// @param files one for each name: two of them may be one file
/// @param allocated bytes that those in `objects` and `chunks` occupy, each file once
record Fan(List<File> files, long allocated) {
  /// A name.
  record File(StoreWalk.Place place, Digest digest, FileStatus status) {}

  Fan {
    files = List.copyOf(files);
  }

  /// Reads it. What comes or goes meanwhile is in it or not.
  static Fan read(StoreWalk walk, CacheDisk disk, int directory) throws IOException {
    List<File> files = new ArrayList<>();
    Set<Long> counted = new HashSet<>();
    long[] allocated = {0};
    for (StoreWalk.Place place : StoreWalk.Place.values()) {
      walk.digests(
          place,
          directory,
          (digest, path, _) -> {
            Optional<FileStatus> status = disk.status(path);
            if (status.isPresent()) {
              files.add(new File(place, digest, status.get()));
              if (place != StoreWalk.Place.FRESH && counted.add(status.get().inode())) {
                allocated[0] += status.get().allocated();
              }
            }
          });
    }
    return new Fan(files, allocated[0]);
  }
}
