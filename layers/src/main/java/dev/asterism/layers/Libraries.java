package dev.asterism.layers;

import dev.asterism.cache.CachedChunk;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// Fetches the shared libraries that a program needs as soon as the program is opened, all at once:
/// the dynamic linker asks for one after the other.
///
/// What a file needs is in its own bytes ([ElfScan]); where that lies, in the image ([ImageTrees]).
/// Libraries are searched where `ld.so` does, without its cache. What is not found is not fetched
/// ahead. Each file is looked at once. Thread-safe.
final class Libraries {
  private static final Logger LOGGER = System.getLogger(Libraries.class.getName());

  /// Files that are remembered as looked at; then all are forgotten.
  private static final int MAX_SEEN = 1 << 14;

  /// Smaller files are not worth looking into: they are text.
  private static final int SMALLEST = 8 << 10; // 8 KiB

  /// A library of at most so many compressed bytes is fetched whole; of a larger one, its ends.
  private static final long WHOLE = 4 << 20; // 4 MiB

  private static final List<String> DIRECTORIES =
      List.of(
          "/lib/x86_64-linux-gnu",
          "/usr/lib/x86_64-linux-gnu",
          "/lib/aarch64-linux-gnu",
          "/usr/lib/aarch64-linux-gnu",
          "/lib64",
          "/usr/lib64",
          "/lib",
          "/usr/lib",
          "/usr/local/lib");

  private final Catalog catalog;
  private final ImageTrees trees;
  private final Set<Digest> seen = ConcurrentHashMap.newKeySet();

  Libraries(Catalog catalog, ImageTrees trees) {
    this.catalog = catalog;
    this.trees = trees;
  }

  /// Notes that a container opens a file whose first bytes these are.
  void opened(LayerContent layer, LayerObject object, byte[] start) {
    if (isElf(start)) {
      look(layer, object);
    }
  }

  /// The same of a file that is in the store.
  void opened(LayerContent layer, LayerObject object) {
    if (object.size() >= SMALLEST) {
      look(layer, object);
    }
  }

  private static boolean isElf(byte[] start) {
    return start.length > 4
        && start[0] == 0x7f
        && start[1] == 'E'
        && start[2] == 'L'
        && start[3] == 'F';
  }

  /// While too much of what came unasked was not used, nothing is looked at: a later opening of the
  /// file may find better times.
  private void look(LayerContent layer, LayerObject object) {
    if (!layer.shared().scheduler().isGenerous()) {
      return;
    }
    if (seen.size() >= MAX_SEEN) {
      seen.clear();
    }
    if (seen.add(object.digest())) {
      Thread.ofVirtual().name("needs of " + object.digest()).start(() -> scan(layer, object));
    }
  }

  private void scan(LayerContent layer, LayerObject object) {
    try (Here file = new Here(layer, object)) {
      ElfScan result = ElfScan.of(file);
      if (!(result instanceof ElfScan.NotElf)) {
        FetchTicket _ = layer.fetch(likely(layer, object), FetchClass.READAHEAD);
      }
      switch (result) {
        case ElfScan.Needs needs -> fetch(layer, needs);
        case ElfScan.Incomplete(long offset) -> scanLater(layer, object, offset);
        case ElfScan.NotElf _ -> {}
      }
    } catch (IOException | RuntimeException e) { // nobody waits for it: the linker will ask
      LOGGER.log(
          Level.DEBUG,
          "cannot look what a file needs layer={0} object={1} cause=\"{2}\"",
          layer.digest(),
          object.digest(),
          e);
    }
  }

  /// Has the bytes fetched that say what is needed, and goes on when they are here.
  private void scanLater(LayerContent layer, LayerObject object, long offset) {
    ChunkTable table = layer.table();
    LayerChunk chunk = table.chunk(table.chunkOf(object, table.positionOf(object, offset)));
    FetchTicket ticket = layer.fetch(List.of(chunk), FetchClass.READAHEAD);
    var _ =
        ticket
            .done()
            .thenRun(() -> {
              if (ticket.failed() == 0) {
                Thread.ofVirtual().start(() -> scan(layer, object));
              }
            });
  }

  private void fetch(LayerContent layer, ElfScan.Needs needs) throws IOException {
    if (needs.interpreter().isPresent()) {
      fetch(layer, List.of(needs.interpreter().get()));
    }
    for (String library : needs.libraries()) {
      List<String> paths = new ArrayList<>();
      if (library.startsWith("/")) {
        paths.add(library);
      } else {
        needs.directories().stream()
            .filter(directory -> directory.startsWith("/"))
            .forEach(directory -> paths.add(directory + "/" + library));
        DIRECTORIES.forEach(directory -> paths.add(directory + "/" + library));
      }
      fetch(layer, paths);
    }
  }

  private void fetch(LayerContent near, List<String> paths) throws IOException {
    Optional<Digest> content = trees.find(near.digest(), paths);
    if (content.isEmpty()
        || seen.contains(content.get())
        || !near.shared().scheduler().isGenerous()) {
      return;
    }
    List<Catalog.Location> locations = catalog.find(content.get());
    if (locations.isEmpty()) {
      return;
    }
    FetchTicket _ = expect(locations.getFirst().layer(), locations.getFirst().object());
  }

  /// Has a library fetched that will probably be opened, and then what that needs.
  FetchTicket expect(LayerContent layer, LayerObject object) {
    FetchTicket ticket = layer.fetch(likely(layer, object), FetchClass.READAHEAD);
    var _ = ticket.done().thenRun(() -> look(layer, object));
    return ticket;
  }

  /// Returns the missing chunks of a library that are read at once: all of a small one; of a large
  /// one what the linker reads, which is at its beginning and at its end.
  static List<LayerChunk> likely(LayerContent layer, LayerObject object) {
    ChunkTable table = layer.table();
    List<LayerChunk> chunks = new ArrayList<>();
    long packed = 0;
    for (int at = 0; at < object.chunks() && packed <= WHOLE; at++) {
      chunks.add(table.chunk(table.chunkOf(object, at)));
      packed += Batch.packed(chunks.getLast());
    }
    if (packed > WHOLE) {
      chunks =
          List.of(
              table.chunk(table.chunkOf(object, 0)),
              table.chunk(table.chunkOf(object, object.chunks() - 1)));
    }
    return chunks.stream().filter(chunk -> layer.isMissing(chunk.number())).toList();
  }

  /// A file as far as it is here. Confined to one thread.
  private static final class Here implements ElfScan.Bytes, AutoCloseable {
    private final LayerContent layer;
    private final LayerObject object;
    private int open = -1;
    private @Nullable CachedChunk stored;

    Here(LayerContent layer, LayerObject object) {
      this.layer = layer;
      this.object = object;
    }

    @Override
    public Optional<ByteBuffer> read(long offset, int length) throws IOException {
      if (offset + length > object.size()) {
        throw new IOException("the file ends before offset " + (offset + length));
      }
      ChunkTable table = layer.table();
      LayerChunk chunk = table.chunk(table.chunkOf(object, table.positionOf(object, offset)));
      int from = (int) (offset - chunk.fileOffset());
      if (from + length > chunk.size()) {
        throw new IOException("a table of it lies in two chunks, at offset " + offset);
      }
      if (open != chunk.number()) {
        close();
        stored = layer.stored().find(chunk).orElse(null);
        open = chunk.number();
      }
      if (stored == null) {
        return Optional.empty();
      }
      ByteBuffer bytes = ByteBuffer.allocate(length);
      stored.read(from, bytes);
      return Optional.of(bytes.flip());
    }

    @Override
    public void close() throws IOException {
      if (stored != null) {
        stored.close();
        stored = null;
      }
    }
  }
}
