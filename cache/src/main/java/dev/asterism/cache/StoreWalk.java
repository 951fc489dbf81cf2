package dev.asterism.cache;

import dev.asterism.content.Digest;
import dev.asterism.linux.DirectoryEntries;
import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.FileStatus;
import dev.asterism.linux.Links;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/// What stands on the disk under a cache root, file by file.
///
/// Needs no lock and no daemon: what comes or goes meanwhile is met or not. Whatever is not ours is
/// passed over, but for [Names]. Thread-safe.
public final class StoreWalk {
  private final CacheLayout layout;
  private final BooleanSupplier stopped;

  StoreWalk(CacheLayout layout) {
    this(layout, () -> false);
  }

  /// @param stopped asked before each name; then the walk ends with an [InterruptedIOException]
  StoreWalk(CacheLayout layout, BooleanSupplier stopped) {
    this.layout = layout;
    this.stopped = stopped;
  }

  /// Returns the walk through the cache in `root`.
  public static StoreWalk of(Path root) {
    return new StoreWalk(new CacheLayout(root));
  }

  /// A directory whose files are named by digests.
  public enum Place {
    /// Whole files, which the kernel reads.
    OBJECT,
    /// Parts of files.
    CHUNK,
    /// Second names of what has just come.
    FRESH
  }

  /// Takes what stands in the store.
  public interface Visitor {
    /// Takes a file under its digest. What has the same inode is the same file.
    void digestFile(Place place, Digest digest, FileStatus status);

    /// Takes a file in a layer's directory: a link to a file under a digest, or a copy that could
    /// not be linked.
    void layerFile(Digest layer, ChunkKey key, FileStatus status);

    /// Takes a layer's own copy, where nothing is shared.
    default void ownFile(Digest layer, Digest digest, FileStatus status) {}
  }

  /// Visits every file of the store.
  ///
  /// @throws IOException if a directory cannot be read
  public void visit(Visitor visitor) throws IOException {
    for (Place place : Place.values()) {
      for (int directory = 0; directory < CacheLayout.FAN_OUT.size(); directory++) {
        digests(
            place,
            directory,
            (digest, path, _) -> {
              Optional<FileStatus> status = Links.find(path);
              if (status.isPresent()) {
                visitor.digestFile(place, digest, status.get());
              }
            });
      }
    }
    for (Digest layer : layers()) {
      layer(
          layer,
          (key, path, _) -> {
            Optional<FileStatus> status = Links.find(path);
            if (status.isPresent()) {
              visitor.layerFile(layer, key, status.get());
            }
          });
    }
    for (Digest layer : ownLayers()) {
      own(
          layer,
          (digest, path, _) -> {
            Optional<FileStatus> status = Links.find(path);
            if (status.isPresent()) {
              visitor.ownFile(layer, digest, status.get());
            }
          });
    }
  }

  /// Takes a name under which something stands.
  ///
  /// @param <N> what the name says
  interface Names<N> {
    void take(N name, String path, long inode) throws IOException;

    /// Takes a name that says nothing to us.
    default void stranger(String path) throws IOException {}
  }

  /// Visits the names in one of the 256 directories of a place.
  void digests(Place place, int directory, Names<Digest> names) throws IOException {
    digests(path(place), CacheLayout.FAN_OUT.get(directory), names);
  }

  private void digests(String below, String fan, Names<Digest> names) throws IOException {
    String path = below + "/" + fan;
    for (Entry entry : list(path)) {
      requireGoingOn();
      String full = path + "/" + entry.name;
      Optional<Digest> digest =
          entry.name.startsWith(fan) ? Digest.findHex(entry.name) : Optional.empty();
      if (digest.isPresent()) {
        names.take(digest.get(), full, entry.inode);
      } else {
        names.stranger(full);
      }
    }
  }

  private void requireGoingOn() throws InterruptedIOException {
    if (stopped.getAsBoolean()) {
      throw new InterruptedIOException("the cache is being closed");
    }
  }

  /// Visits a layer's files.
  void layer(Digest layer, Names<ChunkKey> names) throws IOException {
    String path = layout.layer(layer);
    for (Entry fan : list(path)) {
      int number = CacheLayout.FAN_OUT.indexOf(fan.name);
      if (number < 0) {
        names.stranger(path + "/" + fan.name);
        continue;
      }
      for (Entry entry : list(path + "/" + fan.name)) {
        requireGoingOn();
        String full = path + "/" + fan.name + "/" + entry.name;
        Optional<ChunkKey> key =
            ChunkKey.find(entry.name).filter(found -> CacheLayout.fan(found) == number);
        if (key.isPresent()) {
          names.take(key.get(), full, entry.inode);
        } else {
          names.stranger(full);
        }
      }
    }
  }

  /// Visits a layer's own copies, where nothing is shared: whole files and parts.
  void own(Digest layer, Names<Digest> names) throws IOException {
    for (int directory = 0; directory < CacheLayout.FAN_OUT.size(); directory++) {
      own(layer, directory, names);
    }
  }

  /// Visits those of a layer's own copies that lie in one of the 256 directories of whole files, or
  /// of parts.
  void own(Digest layer, int directory, Names<Digest> names) throws IOException {
    String path = layout.ownOf(layer);
    for (String below : List.of(path, path + "/" + CacheLayout.PARTS)) {
      digests(below, CacheLayout.FAN_OUT.get(directory), names);
    }
  }

  /// Returns the layers that have a directory of links.
  List<Digest> layers() throws IOException {
    return layers(layout.layers());
  }

  /// Returns the layers that have copies of their own.
  List<Digest> ownLayers() throws IOException {
    return layers(layout.own());
  }

  private static List<Digest> layers(Path place) throws IOException {
    List<Digest> layers = new ArrayList<>();
    for (Entry entry : list(place.toString())) {
      Digest.findHex(entry.name).ifPresent(layers::add);
    }
    return layers;
  }

  /// Returns how many names stand in the store, but for the layers' links. Reads directories alone.
  long count() throws IOException {
    long count = 0;
    for (String fan : CacheLayout.FAN_OUT) {
      for (Place place : Place.values()) {
        count += list(path(place) + "/" + fan).size();
      }
    }
    for (Digest layer : ownLayers()) {
      for (String fan : CacheLayout.FAN_OUT) {
        count += list(layout.ownOf(layer) + "/" + fan).size();
        count += list(layout.ownOf(layer) + "/" + CacheLayout.PARTS + "/" + fan).size();
      }
    }
    return count;
  }

  String path(Place place) {
    return switch (place) {
      case OBJECT -> layout.objects().toString();
      case CHUNK -> layout.chunks().toString();
      case FRESH -> layout.fresh().toString();
    };
  }

  record Entry(String name, long inode) {}

  /// Returns what is in a directory; nothing if there is none.
  static List<Entry> list(String directory) throws IOException {
    List<Entry> entries = new ArrayList<>();
    try {
      DirectoryEntries.read(directory, (name, inode, _) -> entries.add(new Entry(name, inode)));
    } catch (ErrnoException e) {
      if (!e.is(Errno.ENOTDIR)) {
        throw e;
      }
    }
    return entries;
  }
}
