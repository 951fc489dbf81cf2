package dev.asterism.cache;

import dev.asterism.cache.HardlinkManager.Kind;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.util.List;
import java.util.Optional;

/// How one layer has files under digests: as links to everybody's, or as copies of its own.
///
/// No disk trouble is an exception here: see [Published]. Thread-safe.
sealed interface LayerFiles permits SharedFiles, PlainFiles {
  /// Sees to it that the layer has what stands under a digest; false if nothing does that it may
  /// have.
  boolean adopt(Kind kind, ChunkKey key, Digest digest, long size);

  /// Sees to it that the kernel finds a file that it has just missed, without being told of an
  /// entry; false if it cannot.
  boolean offer(ChunkKey key, Digest digest, long size);

  /// Keeps a chunk.
  Published add(Kind kind, ChunkKey key, VerifiedChunk chunk);

  /// Makes one file of its parts, see [LayerCache#completeFile].
  Published complete(int entry, Digest file, long size, List<PartOfFile> parts);

  /// Lets go of a part that lies in a whole file.
  void release(int entry, PartOfFile part);

  /// Tells whether [#find] would find something; a region may still turn out to be none.
  boolean holds(Digest digest, long size);

  /// Opens what stands under a digest: a whole file, a part, or a region of a file.
  Optional<Stored> find(Digest digest, long size);

  /// Opens the same, and spares asking how long a file is that is known: one that was cut short
  /// shows that when it is read, and leaves the store then. For bytes that can be had again.
  Optional<Stored> open(Digest digest, long size);

  /// Notes where chunks lie in a file, as a TOC says: believed once they are hashed.
  void claim(Digest file, List<PartOfFile> parts);

  /// Returns where a digest that the layer has stands.
  String pathOf(Kind kind, Digest digest);
}
