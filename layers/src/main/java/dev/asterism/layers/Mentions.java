package dev.asterism.layers;

import dev.asterism.cache.CachedChunk;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;

/// Fetches the modules that a file names, as soon as that file is used: a script, a compiled one or
/// an extension opens its modules by name, one after the other, and the names are in its bytes.
///
/// What counts as a module, and who may name it, is [Modules]' business. A module that has come is
/// looked through in its turn, before anybody uses it, as long as what comes in vain is within its
/// bound. Thread-safe.
final class Mentions {
  private static final Logger LOGGER = System.getLogger(Mentions.class.getName());

  /// Larger files are not looked through.
  private static final int LARGEST = 1 << 20; // 1 MiB

  /// Files between one that is used and a module that is fetched because of it, with that.
  private static final int DEEPEST = 4;

  /// So far from a use only modules count that are [Modules.Kind#SURE], and what they need is
  /// fetched with those of packages only.
  private static final int SURE = 2;

  /// A file that names more is a list of what there is.
  private static final int MOST = 64;

  private final LayerContent layer;
  private final ChunkTable table;
  private final FutureTask<Modules> modules;

  /// The modules that were fetched, as numbers of objects.
  private final Set<Integer> seen = ConcurrentHashMap.newKeySet();

  Mentions(LayerContent layer) {
    this.layer = layer;
    this.table = layer.table();
    this.modules =
        new FutureTask<>(() -> Modules.of(layer.shared().images(), layer.digest(), table));
  }

  /// Tells whether nobody will read a file: it is a source that is there compiled. As far as that
  /// is known by now.
  boolean isCompiledSource(LayerChunk chunk) {
    return modules.state() == Future.State.SUCCESS
        && modules.resultNow().isCompiledSource(chunk.object());
  }

  /// Notes the first use of a file of one chunk, which the store has.
  void used(LayerChunk chunk) {
    look(chunk, () -> stored(chunk), 0);
  }

  /// The same, of one that has just come.
  ///
  /// @param bytes all of it, not changed any more
  void used(LayerChunk chunk, byte[] bytes) {
    look(chunk, () -> Optional.of(bytes), 0);
  }

  private interface Bytes {
    Optional<byte[]> get() throws IOException;
  }

  private Optional<byte[]> stored(LayerChunk chunk) throws IOException {
    try (CachedChunk stored = layer.stored().find(chunk).orElse(null)) {
      if (stored == null) {
        return Optional.empty();
      }
      ByteBuffer bytes = ByteBuffer.allocate(chunk.size());
      stored.read(0, bytes);
      return Optional.of(bytes.array());
    }
  }

  /// @param depth how many files are between this and one that is used
  private void look(LayerChunk chunk, Bytes bytes, int depth) {
    if (chunk.size() <= LARGEST && table.object(chunk.object()).isOneChunk()) {
      Thread.ofVirtual()
          .name("modules of " + layer.digest() + " " + chunk.number())
          .start(() -> lookThrough(chunk, bytes, depth));
    }
  }

  private void lookThrough(LayerChunk chunk, Bytes bytes, int depth) {
    try {
      modules.run(); // unless it runs or has run
      Modules known = Waits.get(modules, "the modules of layer " + layer.digest());
      ChunkTable.Run directory = table.directoryOf(chunk);
      Optional<byte[]> content = known.mayName(directory) ? bytes.get() : Optional.empty();
      if (content.isEmpty()) {
        return;
      }
      List<Modules.Module> named =
          known.named(directory, content.get()).stream()
              .filter(module -> depth < SURE || module.kind() == Modules.Kind.SURE)
              .filter(module -> !seen.contains(module.object()))
              .toList();
      if (named.size() <= MOST) {
        named.forEach(module -> expect(module, depth + 1));
      }
    } catch (IOException | RuntimeException e) { // nobody waits for it: the program will ask
      LOGGER.log(
          Level.DEBUG,
          "cannot look for modules layer={0} chunk={1} cause=\"{2}\"",
          layer.digest(),
          chunk.number(),
          e);
    }
  }

  private void expect(Modules.Module module, int depth) {
    if (!layer.shared().scheduler().isGenerous() || !seen.add(module.object())) {
      return;
    }
    LayerObject object = table.object(module.object());
    FetchTicket ticket =
        depth < SURE || module.inPackage()
            ? layer.shared().libraries().expect(layer, object)
            : layer.fetch(Libraries.likely(layer, object), FetchClass.READAHEAD);
    if (depth < DEEPEST) {
      LayerChunk chunk = table.chunk(table.chunkOf(object, 0));
      var _ = ticket.done().thenRun(() -> look(chunk, () -> stored(chunk), depth));
    }
  }
}
