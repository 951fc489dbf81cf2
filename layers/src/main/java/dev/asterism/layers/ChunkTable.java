package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.CRC32C;

/// Where every byte of a layer's files lies in its blob: `chunks.idx`, mapped and read in place.
///
/// Written once by [ChunkTableBuilder], never changed. Objects are sorted by digest, so [#find] is
/// a binary search; chunks are sorted by their place in the blob, so a chunk's neighbours there are
/// its neighbours here. Thread-safe; unmapped when nobody refers to it any more.
///
/// Layout, little endian: a header of 64 bytes, then `objects` records of 64 bytes, `chunks`
/// numbers of 4 bytes (every object's chunks in file order), `chunks` numbers of 4 bytes (by
/// [Neighbourhood]: kin, directory, blob order), `chunks` records of 80 bytes (in blob order).
final class ChunkTable {
  static final long MAGIC = 0x3258444943545341L; // "ASTCIDX2"
  static final int HEADER = 64;
  static final int OBJECT = 64;
  static final int CHUNK = 80;
  static final int FLAG_VERIFIED = 1;
  static final int FLAG_PRIVATE = 1;
  static final int FLAG_DIGEST = 1;

  static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong WORD =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final MemorySegment table;
  private final int objects;
  private final int chunks;
  private final long orderBase;
  private final long neighbourBase;
  private final long chunkBase;

  private ChunkTable(MemorySegment table, int objects, int chunks) {
    this.table = table;
    this.objects = objects;
    this.chunks = chunks;
    this.orderBase = HEADER + (long) objects * OBJECT;
    this.neighbourBase = orderBase + (long) chunks * Integer.BYTES;
    this.chunkBase = neighbourBase + (long) chunks * Integer.BYTES;
  }

  /// Maps a table.
  ///
  /// @throws MalformedLayerException if the file is not a whole table of this version: then the
  ///   layer is compiled again
  static ChunkTable open(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      return check(
          file, channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), Arena.ofAuto()));
    }
  }

  private static ChunkTable check(Path file, MemorySegment table) throws MalformedLayerException {
    if (table.byteSize() < HEADER || table.get(LONG, 0) != MAGIC) {
      throw damaged(file, "no chunk table of this version");
    }
    int objects = table.get(INT, 32);
    int chunks = table.get(INT, 36);
    long size = HEADER + (long) objects * OBJECT + (long) chunks * (2 * Integer.BYTES + CHUNK);
    if (objects < 0 || chunks < 0 || size != table.byteSize()) {
      throw damaged(
          file,
          "%d objects and %d chunks in %d bytes".formatted(objects, chunks, table.byteSize()));
    }
    if (table.get(LONG, 56) != checksum(table)) {
      throw damaged(file, "wrong checksum");
    }
    return new ChunkTable(table, objects, chunks);
  }

  private static MalformedLayerException damaged(Path file, String how) {
    return new MalformedLayerException(
        MalformedLayerException.UNKNOWN_OFFSET, "damaged chunk table %s: %s".formatted(file, how));
  }

  /// Returns the CRC-32C of all behind the header.
  static long checksum(MemorySegment table) {
    CRC32C crc = new CRC32C();
    for (long at = HEADER; at < table.byteSize(); at += 1 << 30) {
      crc.update(table.asSlice(at, Math.min(1 << 30, table.byteSize() - at)).asByteBuffer());
    }
    return crc.getValue();
  }

  /// Returns the size of the compressed blob, in bytes.
  long blobSize() {
    return table.get(LONG, 16);
  }

  /// Tells whether the TOC was verified when this was written.
  boolean verified() {
    return (table.get(INT, 12) & FLAG_VERIFIED) != 0;
  }

  /// Returns what the layer holds.
  LayerUsage usage() {
    return new LayerUsage(table.get(LONG, 40), table.get(LONG, 48));
  }

  /// Returns the number of objects: contents that a file of this layer has, each counted once.
  int objects() {
    return objects;
  }

  /// Returns the number of chunks of all objects.
  int chunks() {
    return chunks;
  }

  /// Finds the object of a digest.
  OptionalInt find(Digest digest) {
    int index = lowerBound(digest);
    return index < objects && digestAt(objectAt(index)).equals(digest)
        ? OptionalInt.of(index)
        : OptionalInt.empty();
  }

  /// Returns the index of the first object whose digest is `digest` or greater; [#objects()] if
  /// there is none.
  int lowerBound(Digest digest) {
    int low = 0;
    int high = objects;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (digestAt(objectAt(middle)).compareTo(digest) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /// Returns an object's digest.
  ///
  /// @param index from 0 to just before [#objects()]
  Digest digest(int index) {
    return digestAt(objectAt(index));
  }

  /// Returns an object's node, [NodeIds#of] its digest. They are sorted as the objects are, without
  /// sign.
  ///
  /// @param index from 0 to just before [#objects()]
  long node(int index) {
    return NodeIds.ofFirstWord(table.get(WORD, objectAt(index)));
  }

  /// Lets the kernel take its pages out of this process, until they are read again: they come back
  /// from the page cache. Hundreds of tables that were looked through once are not to count as this
  /// process's memory for ever.
  void release() {
    table.unload();
  }

  /// Returns an object.
  ///
  /// @param index from 0 to just before [#objects()]
  LayerObject object(int index) {
    long at = objectAt(index);
    return new LayerObject(
        index,
        digestAt(at),
        table.get(LONG, at + 32),
        table.get(INT, at + 44),
        table.get(INT, at + 48),
        (table.get(INT, at + 52) & FLAG_PRIVATE) != 0
            ? LayerObject.Sharing.PRIVATE
            : LayerObject.Sharing.SHARED);
  }

  /// Returns the number of an object's `position`th chunk, in file order.
  int chunkOf(LayerObject object, int position) {
    int first = table.get(INT, objectAt(object.index()) + 40);
    return table.get(INT, orderBase + (long) (first + position) * Integer.BYTES);
  }

  /// Returns which of an object's chunks holds the byte at `fileOffset`: its position in file
  /// order.
  int positionOf(LayerObject object, long fileOffset) {
    int low = 0;
    int high = object.chunks() - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (chunk(chunkOf(object, middle)).fileOffset() <= fileOffset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  /// Returns an object's chunks that hold a part of a range of its file, in file order, a new list.
  List<LayerChunk> chunksOf(LayerObject object, ByteRange range) {
    List<LayerChunk> found = new ArrayList<>();
    int position = positionOf(object, range.start());
    while (position < object.chunks()) {
      LayerChunk chunk = chunk(chunkOf(object, position));
      if (chunk.fileOffset() >= range.end()) {
        break;
      }
      found.add(chunk);
      position++;
    }
    return found;
  }

  /// Returns a chunk by its number in blob order, from 0 to just before [#chunks()].
  LayerChunk chunk(int number) {
    long at = chunkBase + (long) Objects.checkIndex(number, chunks) * CHUNK;
    Optional<Digest> digest =
        (table.get(INT, at + 72) & FLAG_DIGEST) != 0
            ? Optional.of(digestAt(at + 40))
            : Optional.empty();
    return new LayerChunk(
        number,
        new ByteRange(table.get(LONG, at), table.get(LONG, at + 8)),
        table.get(LONG, at + 16),
        table.get(LONG, at + 24),
        table.get(INT, at + 32),
        table.get(INT, at + 36),
        digest);
  }

  /// Places in the order of [#neighbour]. Immutable.
  record Run(int from, int to) {
    int length() {
      return to - from;
    }
  }

  /// Returns where the chunks of all files in the directory of a chunk's file are listed. A content
  /// that has several names counts where its first one is.
  Run directoryOf(LayerChunk chunk) {
    Neighbourhood of = neighbourhood(chunk.object());
    return new Run(
        firstNeighbour(of), firstNeighbour(new Neighbourhood(of.directory() + 1, of.kin())));
  }

  /// Returns where the chunks of all files in the kin of that directory are listed, its own too.
  Run kinOf(LayerChunk chunk) {
    int kin = neighbourhood(chunk.object()).kin();
    return new Run(
        firstNeighbour(new Neighbourhood(0, kin)), firstNeighbour(new Neighbourhood(0, kin + 1)));
  }

  /// Returns the number of the chunk that is listed at a place: by kin, then by directory, then in
  /// blob order.
  ///
  /// @param place from 0 to just before [#chunks()]
  int neighbour(int place) {
    return table.get(INT, neighbourBase + (long) Objects.checkIndex(place, chunks) * Integer.BYTES);
  }

  private Neighbourhood neighbourhood(int object) {
    long at = objectAt(object);
    return new Neighbourhood(table.get(INT, at + 56), table.get(INT, at + 60));
  }

  /// Returns the first place that is not before a neighbourhood.
  private int firstNeighbour(Neighbourhood of) {
    int low = 0;
    int high = chunks;
    while (low < high) {
      int middle = (low + high) >>> 1;
      Neighbourhood there = neighbourhood(ownerOf(neighbour(middle)));
      boolean isBefore =
          there.kin() != of.kin() ? there.kin() < of.kin() : there.directory() < of.directory();
      if (isBefore) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private int ownerOf(int chunk) {
    return table.get(INT, chunkBase + (long) chunk * CHUNK + 36);
  }

  private long objectAt(int index) {
    return HEADER + (long) index * OBJECT;
  }

  private Digest digestAt(long at) {
    return new Digest(
        table.get(WORD, at),
        table.get(WORD, at + 8),
        table.get(WORD, at + 16),
        table.get(WORD, at + 24));
  }
}
