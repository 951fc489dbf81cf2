package dev.asterism.layers;

import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// Collects a layer's contents in TOC order and writes them as a [ChunkTable].
///
/// Columns, not objects: a layer of a million files costs some 130 MB while it is built. Confined
/// to one thread.
final class ChunkTableBuilder {
  private long[] words = new long[6 * 1024];
  private int[] objectEntry = new int[1024];
  private int[] objectFirst = new int[1024];
  private int[] objectFlags = new int[1024];
  private int[] objectDirectory = new int[1024];
  private int[] objectKin = new int[1024];
  private int objects;

  private long[] places = new long[3 * 1024];
  private long[] digests = new long[4 * 1024];
  private int[] chunkSize = new int[1024];
  private byte[] chunkFlags = new byte[1024];
  private int chunks;

  private long boundary = Long.MAX_VALUE;
  private long bytes;
  private long inodes;

  /// Counts a file of any type; `size` is 0 for what is not a regular file.
  void count(long size) {
    bytes += size;
    inodes++;
  }

  /// Starts an object; its chunks follow in file order by [#chunk].
  void object(
      Digest digest, long size, int entry, LayerObject.Sharing sharing, Neighbourhood place) {
    if (objects == objectEntry.length) {
      int capacity = objects * 2;
      words = Arrays.copyOf(words, 6 * capacity);
      objectEntry = Arrays.copyOf(objectEntry, capacity);
      objectFirst = Arrays.copyOf(objectFirst, capacity);
      objectFlags = Arrays.copyOf(objectFlags, capacity);
      objectDirectory = Arrays.copyOf(objectDirectory, capacity);
      objectKin = Arrays.copyOf(objectKin, capacity);
    }
    put(words, 6 * objects, digest);
    words[6 * objects + 4] = size;
    objectEntry[objects] = entry;
    objectFirst[objects] = chunks;
    objectDirectory[objects] = place.directory();
    objectKin[objects] = place.kin();
    objectFlags[objects] =
        switch (sharing) {
          case PRIVATE -> ChunkTable.FLAG_PRIVATE;
          case SHARED -> 0;
        };
    objects++;
  }

  /// Adds a chunk to the object started last, without a digest.
  void chunk(long memberStart, long innerOffset, long fileOffset, int size) {
    if (chunks == chunkSize.length) {
      int capacity = chunks * 2;
      places = Arrays.copyOf(places, 3 * capacity);
      digests = Arrays.copyOf(digests, 4 * capacity);
      chunkSize = Arrays.copyOf(chunkSize, capacity);
      chunkFlags = Arrays.copyOf(chunkFlags, capacity);
    }
    places[3 * chunks] = memberStart;
    places[3 * chunks + 1] = innerOffset;
    places[3 * chunks + 2] = fileOffset;
    chunkSize[chunks] = size;
    chunks++;
    words[6 * (objects - 1) + 5]++;
  }

  /// Adds a chunk to the object started last.
  void chunk(long memberStart, long innerOffset, long fileOffset, int size, Digest digest) {
    chunk(memberStart, innerOffset, fileOffset, size);
    put(digests, 4 * (chunks - 1), digest);
    chunkFlags[chunks - 1] = ChunkTable.FLAG_DIGEST;
  }

  /// Notes where a member starts that holds no file's content; the last call counts.
  ///
  /// @param memberStart compressed offset
  void boundary(long memberStart) {
    boundary = memberStart;
  }

  /// Writes the table. Who needs it on the disk forces the file.
  ///
  /// @param file must not exist
  /// @param blobSize bytes of the compressed blob
  /// @param payloadEnd where content ends in the blob: the TOC's offset
  /// @throws MalformedLayerException if two files claim one digest and different sizes
  void write(Path file, long blobSize, long payloadEnd, boolean verified) throws IOException {
    int[] kept = distinctObjects();
    int[] newObject = new int[objects];
    Arrays.fill(newObject, -1);
    for (int i = 0; i < kept.length; i++) {
      newObject[kept[i]] = i;
    }
    int[] owner = owners();
    long[] ends = memberEnds(payloadEnd);
    int[] blobOrder =
        IntStream.range(0, chunks)
            .filter(chunk -> newObject[owner[chunk]] >= 0)
            .boxed()
            .sorted(
                Comparator.<Integer>comparingLong(chunk -> places[3 * chunk])
                    .thenComparingLong(chunk -> places[3 * chunk + 1]))
            .mapToInt(Integer::intValue)
            .toArray();
    long size =
        ChunkTable.HEADER
            + (long) kept.length * ChunkTable.OBJECT
            + (long) blobOrder.length * (2 * Integer.BYTES + ChunkTable.CHUNK);
    try (Arena arena = Arena.ofConfined();
        FileChannel channel =
            FileChannel.open(
                file,
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE)) {
      reserve(channel, size);
      MemorySegment table = channel.map(FileChannel.MapMode.READ_WRITE, 0, size, arena);
      writeObjects(table, kept);
      writeChunks(table, kept, newObject, owner, ends, blobOrder);
      table.set(ChunkTable.LONG, 0, ChunkTable.MAGIC);
      table.set(ChunkTable.INT, 8, 1);
      table.set(ChunkTable.INT, 12, verified ? ChunkTable.FLAG_VERIFIED : 0);
      table.set(ChunkTable.LONG, 16, blobSize);
      table.set(ChunkTable.LONG, 24, payloadEnd);
      table.set(ChunkTable.INT, 32, kept.length);
      table.set(ChunkTable.INT, 36, blobOrder.length);
      table.set(ChunkTable.LONG, 40, bytes);
      table.set(ChunkTable.LONG, 48, inodes);
      table.set(ChunkTable.LONG, 56, ChunkTable.checksum(table));
    }
  }

  /// Writes zeros first: storing into a hole of a mapped file on a full disk would be a SIGBUS, not
  /// an exception.
  private static void reserve(FileChannel channel, long size) throws IOException {
    ByteBuffer zeros = ByteBuffer.allocate(1 << 16);
    for (long at = 0; at < size; ) {
      zeros.clear().limit((int) Math.min(zeros.capacity(), size - at));
      at += channel.write(zeros, at);
    }
  }

  /// Returns the objects in order of their digests, the first of those that have the same.
  private int[] distinctObjects() throws MalformedLayerException {
    int[] sorted =
        IntStream.range(0, objects)
            .boxed()
            .sorted(this::compareObjects)
            .mapToInt(Integer::intValue)
            .toArray();
    int[] kept = new int[sorted.length];
    int count = 0;
    for (int object : sorted) {
      if (count > 0 && digest(words, 6 * object).equals(digest(words, 6 * kept[count - 1]))) {
        if (words[6 * object + 4] != words[6 * kept[count - 1] + 4]) {
          throw new MalformedLayerException(
              MalformedLayerException.UNKNOWN_OFFSET,
              "TOC entries %d and %d have one digest, %s, and different sizes, %d and %d"
                  .formatted(
                      objectEntry[kept[count - 1]],
                      objectEntry[object],
                      digest(words, 6 * object),
                      words[6 * kept[count - 1] + 4],
                      words[6 * object + 4]));
        }
        continue;
      }
      kept[count++] = object;
    }
    return Arrays.copyOf(kept, count);
  }

  private int compareObjects(int one, int other) {
    int order = digest(words, 6 * one).compareTo(digest(words, 6 * other));
    return order != 0 ? order : Integer.compare(one, other);
  }

  private int[] owners() {
    int[] owner = new int[chunks];
    for (int object = 0; object < objects; object++) {
      int first = objectFirst[object];
      Arrays.fill(owner, first, first + (int) words[6 * object + 5], object);
    }
    return owner;
  }

  /// Returns every chunk's end of member: the next greater start of any chunk, the dropped ones and
  /// the landmark included.
  private long[] memberEnds(long payloadEnd) {
    LongStream landmark = boundary < payloadEnd ? LongStream.of(boundary) : LongStream.empty();
    long[] starts =
        LongStream.concat(IntStream.range(0, chunks).mapToLong(i -> places[3 * i]), landmark)
            .sorted()
            .distinct()
            .toArray();
    long[] ends = new long[chunks];
    for (int chunk = 0; chunk < chunks; chunk++) {
      int at = Arrays.binarySearch(starts, places[3 * chunk]);
      ends[chunk] = at + 1 < starts.length ? starts[at + 1] : payloadEnd;
    }
    return ends;
  }

  private void writeObjects(MemorySegment table, int[] kept) {
    int first = 0;
    long at = ChunkTable.HEADER;
    for (int object : kept) {
      int count = (int) words[6 * object + 5];
      putDigest(table, at, words, 6 * object);
      table.set(ChunkTable.LONG, at + 32, words[6 * object + 4]);
      table.set(ChunkTable.INT, at + 40, first);
      table.set(ChunkTable.INT, at + 44, count);
      table.set(ChunkTable.INT, at + 48, objectEntry[object]);
      table.set(ChunkTable.INT, at + 52, objectFlags[object]);
      table.set(ChunkTable.INT, at + 56, objectDirectory[object]);
      table.set(ChunkTable.INT, at + 60, objectKin[object]);
      first += count;
      at += ChunkTable.OBJECT;
    }
  }

  private void writeChunks(
      MemorySegment table, int[] kept, int[] newObject, int[] owner, long[] ends, int[] blobOrder) {
    int[] number = new int[chunks];
    for (int i = 0; i < blobOrder.length; i++) {
      number[blobOrder[i]] = i;
    }
    long at = ChunkTable.HEADER + (long) kept.length * ChunkTable.OBJECT;
    for (int object : kept) {
      for (int i = 0; i < words[6 * object + 5]; i++) {
        table.set(ChunkTable.INT, at, number[objectFirst[object] + i]);
        at += Integer.BYTES;
      }
    }
    for (int neighbour : neighbours(owner, blobOrder)) {
      table.set(ChunkTable.INT, at, neighbour);
      at += Integer.BYTES;
    }
    for (int chunk : blobOrder) {
      table.set(ChunkTable.LONG, at, places[3 * chunk]);
      table.set(ChunkTable.LONG, at + 8, ends[chunk]);
      table.set(ChunkTable.LONG, at + 16, places[3 * chunk + 1]);
      table.set(ChunkTable.LONG, at + 24, places[3 * chunk + 2]);
      table.set(ChunkTable.INT, at + 32, chunkSize[chunk]);
      table.set(ChunkTable.INT, at + 36, newObject[owner[chunk]]);
      putDigest(table, at + 40, digests, 4 * chunk);
      table.set(ChunkTable.INT, at + 72, chunkFlags[chunk]);
      at += ChunkTable.CHUNK;
    }
  }

  /// Returns the numbers of all chunks by kin, then by directory, then in blob order.
  private int[] neighbours(int[] owner, int[] blobOrder) {
    int[] rank = directoryRanks();
    long[] keys = new long[blobOrder.length];
    for (int number = 0; number < keys.length; number++) {
      int directory = objectDirectory[owner[blobOrder[number]]];
      keys[number] = (long) rank[directory] << Integer.SIZE | number;
    }
    Arrays.sort(keys);
    return Arrays.stream(keys).mapToInt(key -> (int) key).toArray();
  }

  private int[] directoryRanks() {
    int directories = IntStream.range(0, objects).map(i -> objectDirectory[i] + 1).max().orElse(0);
    long[] byKin = new long[directories];
    for (int object = 0; object < objects; object++) {
      int directory = objectDirectory[object];
      byKin[directory] = (long) objectKin[object] << Integer.SIZE | directory;
    }
    Arrays.sort(byKin);
    int[] ranks = new int[directories];
    for (int i = 0; i < directories; i++) {
      ranks[(int) byKin[i]] = i;
    }
    return ranks;
  }

  private static void putDigest(MemorySegment table, long at, long[] from, int index) {
    for (int i = 0; i < 4; i++) {
      table.set(ChunkTable.LONG, at + 8L * i, Long.reverseBytes(from[index + i]));
    }
  }

  private static void put(long[] to, int index, Digest digest) {
    to[index] = digest.a();
    to[index + 1] = digest.b();
    to[index + 2] = digest.c();
    to[index + 3] = digest.d();
  }

  private static Digest digest(long[] from, int index) {
    return new Digest(from[index], from[index + 1], from[index + 2], from[index + 3]);
  }
}
