package dev.asterism.cli.inspect;

import dev.asterism.content.Digest;
import dev.asterism.estargz.Chunk;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocVisitor;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/// Counts what passes by while a TOC is read. Confined to one thread.
final class LayerCount implements TocVisitor {
  private final Set<Digest> seen;
  private final Predicate<Digest> stored;
  private long files;
  private long directories;
  private long links;
  private long others;
  private long bytes;
  private long chunks;
  private long sharedBelow;
  private long inStore;

  /// @param seen chunks of the layers before, which grows by this layer's
  /// @param stored tells whether the local store has a chunk
  LayerCount(Set<Digest> seen, Predicate<Digest> stored) {
    this.seen = seen;
    this.stored = stored;
  }

  @Override
  public void visit(TocEntry entry) {
    if (entry.isBookkeeping()) {
      return;
    }
    switch (entry) {
      case TocEntry.RegularFile file -> {
        files++;
        bytes += file.size();
        file.chunks().forEach(chunk -> count(file, chunk));
      }
      case TocEntry.Directory _ -> directories++;
      case TocEntry.Symlink _, TocEntry.HardLink _ -> links++;
      case TocEntry.Device _, TocEntry.Fifo _ -> others++;
    }
  }

  private void count(TocEntry.RegularFile file, Chunk chunk) {
    chunks++;
    Optional<Digest> digest = chunk.digest();
    if (digest.isEmpty()) {
      return;
    }
    if (!seen.add(digest.get())) {
      sharedBelow += chunk.size();
    } else if (stored.test(digest.get()) || file.digest().filter(stored).isPresent()) {
      inStore += chunk.size();
    }
  }

  /// Returns the sums.
  LayerFigures figures(TocLocation toc, boolean verified) {
    return new LayerFigures(
        toc.format(),
        toc.range().length(),
        files,
        directories,
        links,
        others,
        bytes,
        chunks,
        sharedBelow,
        inStore,
        verified);
  }
}
