package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/// Logs which files containers use first: `log_file_access` of the stargz snapshotter.
///
/// The name of a file takes a walk through its layer's tree, so it is looked up aside; where
/// containers open more at a time than can be looked up, the line has the content's digest alone.
/// What the kernel reads from the store by itself is not seen. Thread-safe.
final class FileAccessLog implements FetchListener {
  private static final Logger LOGGER = System.getLogger(FileAccessLog.class.getName());
  private static final int MAX_KNOWN = 1 << 18; // files: then those of before are logged again
  private static final int AT_ONCE = 64; // look-ups

  private final Fetching.FileNames names;
  private final Set<File> known = ConcurrentHashMap.newKeySet();
  private final Semaphore places = new Semaphore(AT_ONCE);

  private record File(Digest layer, Digest content) {}

  FileAccessLog(Fetching.FileNames names) {
    this.names = names;
  }

  @Override
  public void used(LayerContent layer, LayerChunk chunk, Found found) {
    if (!LOGGER.isLoggable(Level.DEBUG)) {
      return;
    }
    if (known.size() >= MAX_KNOWN) {
      known.clear();
    }
    LayerObject object = layer.table().object(chunk.object());
    if (!known.add(new File(layer.digest(), object.digest()))) {
      return;
    }
    if (!places.tryAcquire()) {
      log(layer.digest(), object, object.digest().toString());
      return;
    }
    Thread.ofVirtual()
        .name("file-access")
        .start(() -> {
          try {
            log(layer.digest(), object, names.of(layer.digest(), object));
          } finally {
            places.release();
          }
        });
  }

  private static void log(Digest layer, LayerObject object, String path) {
    LOGGER.log(
        Level.DEBUG,
        "file-accessed layer={0} path=\"{1}\" size={2}",
        layer,
        path.replace("\\", "\\\\").replace("\"", "\\\""),
        object.size());
  }
}
