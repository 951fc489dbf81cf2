package dev.asterism.cache;

import dev.asterism.cache.HardlinkManager.Kind;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.util.List;
import java.util.Optional;

/// A layer's links to the files that all layers share. Thread-safe.
record SharedFiles(Digest layer, HardlinkManager links, Completion completion)
    implements LayerFiles {
  @Override
  public boolean adopt(Kind kind, ChunkKey key, Digest digest, long size) {
    return links.adopt(kind, layer, key, digest, size).isPresent();
  }

  /// For a while it stands in `fresh` whatever room is needed.
  @Override
  public boolean offer(ChunkKey key, Digest digest, long size) {
    return adopt(Kind.FILE, key, digest, size) && links.offer(digest);
  }

  @Override
  public Published add(Kind kind, ChunkKey key, VerifiedChunk chunk) {
    return links.add(kind, layer, key, chunk);
  }

  @Override
  public Published complete(int entry, Digest file, long size, List<PartOfFile> parts) {
    return completion.complete(layer, entry, file, size, parts);
  }

  @Override
  public void release(int entry, PartOfFile part) {
    completion.release(layer, entry, part);
  }

  @Override
  public boolean holds(Digest digest, long size) {
    return links.holds(digest, size);
  }

  @Override
  public Optional<Stored> find(Digest digest, long size) {
    return links.find(digest, size);
  }

  @Override
  public Optional<Stored> open(Digest digest, long size) {
    return links.open(digest, size);
  }

  @Override
  public void claim(Digest file, List<PartOfFile> parts) {
    links.claim(file, parts);
  }

  @Override
  public String pathOf(Kind kind, Digest digest) {
    return links.pathOf(digest).toString();
  }
}
