package dev.asterism.cache.report;

import dev.asterism.cache.CacheLayout;
import dev.asterism.content.Digest;
import dev.asterism.linux.DirectoryEntries;
import dev.asterism.linux.DirectoryEntries.EntryType;
import dev.asterism.linux.FileStatus;
import dev.asterism.linux.Links;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.LongConsumer;

/// Walks a store once. Confined to one thread.
///
/// The files under digests are asked for their size, one statx(2) each. A layer's names need none:
/// the directory says which inode each leads to, and nearly all are listed by then.
final class Surveyor {
  private static final int BLOCK = 512; // bytes of what statx calls a block
  private static final int EVERY = 4096; // names between two words of progress

  private final CacheLayout layout;
  private final LongConsumer progress;
  private final InodeTable files = new InodeTable();
  private final HolderSets sets = new HolderSets();
  private Amount objects = Amount.NONE;
  private Amount parts = Amount.NONE;
  private Amount own = Amount.NONE;
  private long fresh;
  private long overhead;
  private long names;

  Surveyor(Path root, LongConsumer progress) {
    layout = new CacheLayout(root);
    this.progress = progress;
  }

  StoreSurvey survey() throws IOException {
    overhead += sizeOnDisk(layout.root().toString());
    readTopLevel();
    objects = readDigests(layout.objects());
    parts = readDigests(layout.chunks());
    Amount held =
        readDigests(layout.fresh()); // what has left `objects` for good, as a rule nothing
    parts = parts.plus(held);
    List<LayerHold> layers = readLayers();
    progress.accept(names);
    return new StoreSurvey(layers, groups(), objects, parts, own, fresh, overhead);
  }

  /// Counts the lists, the lock, and all of what is being written or in doubt.
  private void readTopLevel() throws IOException {
    DirectoryEntries.read(
        layout.root().toString(),
        (name, _, type) -> {
          String path = layout.root() + "/" + name;
          if (!isDirectory(path, type)) {
            overhead += sizeOnDisk(path);
          }
        });
    overhead += tree(layout.wip().toString());
    overhead += tree(layout.doubtful().toString());
    overhead += sizeOnDisk(layout.layers().toString());
    overhead += sizeOnDisk(layout.own().toString());
  }

  /// Lists the files `ab/<hex>` of a directory and returns those that were not listed yet.
  private Amount readDigests(Path directory) throws IOException {
    overhead += sizeOnDisk(directory.toString());
    Amount[] sum = {Amount.NONE};
    boolean isFresh = directory.equals(layout.fresh());
    for (String name : CacheLayout.FAN_OUT) {
      String folder = directory + "/" + name;
      boolean there =
          DirectoryEntries.read(
              folder,
              (file, inode, _) -> {
                count();
                if (Digest.findHex(file).isPresent()) {
                  fresh += isFresh ? 1 : 0;
                  sum[0] = sum[0].plus(list(folder + "/" + file, inode));
                } else {
                  overhead += sizeOnDisk(folder + "/" + file);
                }
              });
      overhead += there ? sizeOnDisk(folder) : 0;
    }
    return sum[0];
  }

  /// Lists a file if it is not yet and is still there.
  private Amount list(String path, long inode) throws IOException {
    if (files.find(inode) >= 0) {
      return Amount.NONE;
    }
    Optional<FileStatus> status = Links.find(path);
    if (status.isEmpty() || files.find(status.get().inode()) >= 0) {
      return Amount.NONE; // removed, or replaced by another name of a listed file, meanwhile
    }
    FileStatus file = status.get();
    files.add(file.inode(), file.size(), file.blocks() * BLOCK);
    return new Amount(1, file.size(), file.blocks() * BLOCK);
  }

  private List<LayerHold> readLayers() throws IOException {
    NavigableSet<Digest> found = new TreeSet<>();
    for (Path place : List.of(layout.layers(), layout.own())) {
      DirectoryEntries.read(
          place.toString(), (name, _, _) -> Digest.findHex(name).ifPresent(found::add));
    }
    List<LayerHold> layers = new ArrayList<>(found.size());
    for (Digest layer : found) {
      layers.add(readLayer(layer, layers.size()));
    }
    return layers;
  }

  private LayerHold readLayer(Digest layer, int number) throws IOException {
    long[] sums = {0, 0, 0}; // links, bytes, directories
    for (String directory : layout.directoriesOf(layer)) {
      if (Links.find(directory).isPresent()) {
        readFiles(directory, number, sums);
      }
    }
    return new LayerHold(layer, sums[0], sums[1], sums[2]);
  }

  private void readFiles(String directory, int layer, long[] sums) throws IOException {
    sums[2] += sizeOnDisk(directory);
    DirectoryEntries.read(
        directory,
        (name, inode, type) -> {
          String path = directory + "/" + name;
          if (isDirectory(path, type)) {
            readFiles(path, layer, sums);
          } else {
            count();
            sums[0]++;
            sums[1] += hold(path, inode, layer);
          }
        });
  }

  /// Notes that a layer holds a file, and returns its size.
  private long hold(String path, long inode, int layer) throws IOException {
    int slot = files.find(inode);
    if (slot < 0) {
      own = own.plus(list(path, inode));
      slot = files.find(inode);
    }
    if (slot < 0) {
      return 0; // gone meanwhile
    }
    files.setHolders(slot, sets.with(files.holders(slot), layer));
    return files.size(slot);
  }

  private List<SharedBy> groups() {
    Amount[] amounts = new Amount[sets.count()];
    Arrays.fill(amounts, Amount.NONE);
    files.forEach(
        (size, stored, set) -> amounts[set] = amounts[set].plus(new Amount(1, size, stored)));
    List<SharedBy> groups = new ArrayList<>();
    for (int set = 0; set < amounts.length; set++) {
      if (amounts[set].files() > 0) {
        groups.add(new SharedBy(Arrays.stream(sets.holders(set)).boxed().toList(), amounts[set]));
      }
    }
    return groups;
  }

  /// Returns the bytes that everything in and below a directory takes.
  private long tree(String directory) throws IOException {
    long[] sum = {sizeOnDisk(directory)};
    DirectoryEntries.read(
        directory,
        (name, _, type) -> {
          String path = directory + "/" + name;
          sum[0] += isDirectory(path, type) ? tree(path) : sizeOnDisk(path);
        });
    return sum[0];
  }

  private static long sizeOnDisk(String path) throws IOException {
    return Links.find(path).map(status -> status.blocks() * BLOCK).orElse(0L);
  }

  private static boolean isDirectory(String path, EntryType type) throws IOException {
    return switch (type) {
      case DIRECTORY -> true;
      case FILE, OTHER -> false;
      case UNKNOWN -> Links.find(path).map(FileStatus::isDirectory).orElse(false);
    };
  }

  private void count() {
    if (++names % EVERY == 0) {
      progress.accept(names);
    }
  }
}
