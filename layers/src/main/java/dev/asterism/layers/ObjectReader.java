package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.cache.CachedChunk;
import dev.asterism.cache.Stored;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.fuse.ReadBuffer;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// An object that is open at the gate: reads it from the store where it is, from the registry where
/// it is not.
///
/// Any layer that lists the object will do: when one cannot deliver, the next is asked. Reading in
/// sequence fetches ahead. Thread-safe; one reader serves one open file.
final class ObjectReader implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(ObjectReader.class.getName());

  /// No chunk follows this one: the first that is read, whichever it is, says nothing of the next.
  private static final int NOTHING_READ = -2;

  /// The end of a larger file is not fetched with its beginning.
  private static final long LARGE = 16 << 20; // 16 MiB

  private final Digest digest;
  private final long size;
  private final Fetching fetching;

  /// The chunk that was read last, as the store has it, and how far ahead of it was asked for.
  @GuardedBy("this")
  private @Nullable CachedChunk part;

  @GuardedBy("this")
  private RecentChunks.@Nullable Key partKey;

  @GuardedBy("this")
  private @Nullable Stored whole;

  @GuardedBy("this")
  private int lastPosition = NOTHING_READ;

  @GuardedBy("this")
  private long ahead;

  /// How often a chunk was missing that did not follow the one before.
  @GuardedBy("this")
  private int jumps;

  /// @param size of the whole object, as the layer says that it was opened through
  ObjectReader(Digest digest, long size, Fetching fetching) {
    this.digest = digest;
    this.size = size;
    this.fetching = fetching;
  }

  Digest digest() {
    return digest;
  }

  /// Has the first chunk ready, so that an open fails where the registry is away.
  ///
  /// @throws IOException if no mounted layer's registry can deliver it
  void start(Deadline deadline) throws IOException {
    if (whole().isEmpty()) {
      fromAnyLayer(deadline, (location, end) -> pieces(location, 0, 1, end));
    }
  }

  /// Fills `into` from `offset`.
  ///
  /// @return how many bytes were filled: fewer than asked for only at the end of the object
  /// @throws IOException if no mounted layer's registry can deliver them, or they are not what they
  ///   should be
  int read(long offset, ReadBuffer into) throws IOException {
    int length = Math.clamp(size - offset, 0, into.size());
    if (length == 0) {
      return 0;
    }
    Optional<Stored> complete = whole();
    if (complete.isPresent()
        && copyWhole(complete.get(), offset, into.segment().asSlice(0, length))) {
      noteUses(offset, length);
      return length;
    }
    return fromAnyLayer(
        Deadline.in(fetching.policy().patience()),
        (location, end) -> {
          List<Piece> pieces = pieces(location, offset, length, end);
          MemorySegment target = into.segment().asSlice(0, length);
          for (Piece piece : pieces) {
            copy(location.layer(), piece, target, end);
          }
          return length;
        });
  }

  /// Notes what is used of a file that became whole while it was read: a start that is recorded has
  /// read all of it.
  private void noteUses(long offset, int length) {
    List<Catalog.Location> locations = hasRead() ? locations() : List.of();
    if (locations.isEmpty()) {
      return;
    }
    LayerContent layer = locations.getFirst().layer();
    LayerObject object = locations.getFirst().object();
    ChunkTable table = layer.table();
    int last = table.positionOf(object, offset + length - 1);
    for (int position = table.positionOf(object, offset); position <= last; position++) {
      synchronized (this) {
        if (lastPosition == position) {
          continue;
        }
        lastPosition = position;
      }
      layer.anticipation().noteUse(table.chunk(table.chunkOf(object, position)));
    }
  }

  /// Tells whether something was read before the file was whole.
  private synchronized boolean hasRead() {
    return lastPosition != NOTHING_READ;
  }

  private List<Catalog.Location> locations() {
    return fetching.catalog().find(digest).stream()
        .filter(location -> location.object().size() == size)
        .toList();
  }

  /// Something that any layer will do for.
  private interface Attempt<T> {
    T with(Catalog.Location location, Deadline deadline) throws IOException;
  }

  private <T> T fromAnyLayer(Deadline deadline, Attempt<T> attempt) throws IOException {
    IOException failure = new IOException("no mounted layer lists object " + digest);
    List<Catalog.Location> locations = locations();
    for (int i = 0; i < locations.size(); i++) {
      try {
        return attempt.with(locations.get(i), deadline.share(locations.size() - i));
      } catch (IOException e) {
        locations.get(i).layer().noteTrouble();
        e.addSuppressed(failure);
        failure = e;
      }
    }
    throw failure;
  }

  private synchronized Optional<Stored> whole() {
    if (whole == null) {
      whole = fetching.whole(digest, size).orElse(null);
    }
    return Optional.ofNullable(whole);
  }

  /// Copies from the file; false if that cannot be read: then its chunks can.
  private boolean copyWhole(Stored file, long offset, MemorySegment into) {
    try {
      file.read(offset, into.asByteBuffer());
      return true;
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, "cannot read a stored file cause=\"{0}\"", e.getMessage());
      letGo(file);
      return false;
    }
  }

  /// The next read looks for it anew.
  private synchronized void letGo(Stored file) {
    if (whole == file) {
      whole = null;
    }
    try {
      file.close();
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "cannot close cause={0}", e.getMessage());
    }
  }

  /// A part of a read that lies within one chunk.
  ///
  /// @param from where it starts in the chunk
  /// @param to where it goes in the answer
  /// @param bytes the chunk, if the store does not have it
  private record Piece(
      LayerChunk chunk, int from, int to, int length, Optional<VerifiedChunk> bytes) {}

  /// Waits until all bytes of a range are here, in the store or in memory.
  private List<Piece> pieces(Catalog.Location location, long offset, int length, Deadline deadline)
      throws IOException {
    ChunkTable table = location.layer().table();
    List<Piece> pieces = new ArrayList<>(2);
    int done = 0;
    while (done < length) {
      int position = table.positionOf(location.object(), offset + done);
      LayerChunk chunk = table.chunk(table.chunkOf(location.object(), position));
      int from = (int) (offset + done - chunk.fileOffset());
      int count = Math.min(length - done, chunk.size() - from);
      Optional<List<LayerChunk>> next = next(location, position);
      pieces.add(
          new Piece(chunk, from, done, count, fetched(location.layer(), chunk, next, deadline)));
      done += count;
    }
    return pieces;
  }

  /// @param next what is likely to be read after it; empty if this handle has just read the chunk
  private static Optional<VerifiedChunk> fetched(
      LayerContent layer, LayerChunk chunk, Optional<List<LayerChunk>> next, Deadline deadline)
      throws IOException {
    Optional<VerifiedChunk> inMemory = layer.stored().inMemory(chunk);
    if (inMemory.isEmpty() && !layer.stored().isStored(chunk)) {
      return Optional.of(layer.awaitBytes(chunk, next.orElse(List.of()), deadline));
    }
    if (next.isPresent()) {
      layer.anticipation().noteUse(chunk);
      if (!next.get().isEmpty()) {
        FetchTicket _ = layer.fetch(next.get(), FetchClass.READAHEAD);
      }
    }
    return inMemory;
  }

  private void copy(LayerContent layer, Piece piece, MemorySegment target, Deadline deadline)
      throws IOException {
    MemorySegment into = target.asSlice(piece.to(), piece.length());
    if (piece.bytes().isEmpty() && copyStored(layer, piece.chunk(), piece.from(), into)) {
      return;
    }
    VerifiedChunk bytes =
        piece.bytes().isPresent()
            ? piece.bytes().get()
            : layer.refetch(piece.chunk()).bytes(deadline);
    MemorySegment.copy(bytes.bytes(), piece.from(), into, ValueLayout.JAVA_BYTE, 0, piece.length());
  }

  /// Copies from the store; false if the store has just given the chunk up.
  private synchronized boolean copyStored(
      LayerContent layer, LayerChunk chunk, int from, MemorySegment into) throws IOException {
    RecentChunks.Key wanted = new RecentChunks.Key(layer.digest(), chunk.number());
    if (!wanted.equals(partKey)) {
      closePart();
      part = layer.stored().find(chunk).orElse(null);
      partKey = part == null ? null : wanted;
    }
    if (part == null) {
      return false;
    }
    try {
      part.read(from, into.asByteBuffer());
      return true;
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, "cannot read a stored chunk cause=\"{0}\"", e.getMessage());
      closePart();
      return false;
    }
  }

  /// Returns what is likely to be read after a chunk and is missing: of a file that is read in
  /// sequence, twice as much as after the chunk before; of one that is read here and there, as
  /// programs are that the kernel maps, with each missing chunk one more of its neighbours. Empty
  /// if it is the chunk that was read last. While too much of what came unasked was not used, a
  /// file in sequence brings no more than one range at a time, and others nothing.
  private Optional<List<LayerChunk>> next(Catalog.Location location, int position) {
    LayerContent layer = location.layer();
    ChunkTable table = layer.table();
    long bytes;
    int neighbours;
    boolean first;
    synchronized (this) {
      if (position == lastPosition) {
        return Optional.empty();
      }
      first = lastPosition == NOTHING_READ;
      boolean sequential = position == lastPosition + 1;
      lastPosition = position;
      ahead =
          sequential
              ? Math.min(
                  Math.max(2 * ahead, fetching.policy().quantum()),
                  fetching.policy().maxReadahead())
              : 0;
      bytes = ahead;
      neighbours = 0;
      if (!sequential && layer.isMissing(table.chunkOf(location.object(), position))) {
        neighbours = jumps++;
      }
    }
    if (layer.anticipation().isLearned(table.chunk(table.chunkOf(location.object(), position)))) {
      return Optional.of(List.of()); // and of what follows, too, it is known whether it is used
    }
    boolean generous = fetching.scheduler().isGenerous();
    List<LayerChunk> next =
        following(
            location, position, generous ? bytes : Math.min(bytes, fetching.policy().quantum()));
    if (generous && first && position == 0) {
      next.addAll(end(location));
    }
    if (generous) {
      next.addAll(around(location, position, neighbours));
    }
    return Optional.of(next);
  }

  /// Returns the last chunk of a file of several, if it is missing and the file not large: programs
  /// and archives say at their ends what they are made of, and are opened there at once.
  private static List<LayerChunk> end(Catalog.Location location) {
    LayerObject object = location.object();
    if (object.isOneChunk() || object.size() > LARGE) {
      return List.of();
    }
    int number = location.layer().table().chunkOf(object, object.chunks() - 1);
    return location.layer().isMissing(number)
        ? List.of(location.layer().table().chunk(number))
        : List.of();
  }

  /// Returns the missing chunks within so many bytes behind a chunk.
  private static List<LayerChunk> following(Catalog.Location location, int position, long bytes) {
    ChunkTable table = location.layer().table();
    List<LayerChunk> next = new ArrayList<>();
    long left = bytes;
    for (int at = position + 1; at < location.object().chunks() && left > 0; at++) {
      int number = table.chunkOf(location.object(), at);
      if (location.layer().isMissing(number)) {
        next.add(table.chunk(number));
      }
      left -= table.chunk(number).size();
    }
    return next;
  }

  /// Returns so many missing chunks around a chunk, the nearest first.
  private List<LayerChunk> around(Catalog.Location location, int position, int count) {
    ChunkTable table = location.layer().table();
    int chunks = location.object().chunks();
    List<LayerChunk> near = new ArrayList<>();
    long left = fetching.policy().maxReadahead();
    for (int step = 1; step < chunks && near.size() < count && left > 0; step++) {
      for (int at : new int[] {position + step, position - step}) {
        if (at < 0 || at >= chunks || near.size() >= count) {
          continue;
        }
        int number = table.chunkOf(location.object(), at);
        if (location.layer().isMissing(number)) {
          near.add(table.chunk(number));
          left -= table.chunk(number).size();
        }
      }
    }
    return near;
  }

  private synchronized void closePart() throws IOException {
    if (part != null) {
      part.close();
      part = null;
      partKey = null;
    }
  }

  /// Lets go of what is open, and has the object put together if all of it is here now.
  @Override
  public void close() throws IOException {
    boolean complete = whole().isPresent();
    closeFiles();
    if (!complete) {
      locations().stream()
          .findFirst()
          .ifPresent(location -> location.layer().stored().completeIfHere(location.object()));
    }
  }

  private synchronized void closeFiles() throws IOException {
    try {
      closePart();
    } finally {
      if (whole != null) {
        whole.close();
        whole = null;
      }
    }
  }
}
