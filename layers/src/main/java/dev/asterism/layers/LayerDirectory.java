package dev.asterism.layers;

import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A compiled layer on disk: `layers/<layer digest>/` with `toc.digest`, `layer.erofs`,
/// `chunks.idx` and `landmark`.
///
/// It is made whole under another name, forced to disk and renamed, so a directory with this name
/// is complete, whatever happens to the machine. Immutable afterwards, but for `complete`, which is
/// made when all content has come.
final class LayerDirectory {
  private static final String UNFINISHED = "new-";
  private static final long BLOCK = 4 << 10; // 4 KiB: what file systems allocate at once

  private static final long PID = ProcessHandle.current().pid();
  private static final AtomicLong UNFINISHED_NUMBER = new AtomicLong();
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private final Path path;

  private LayerDirectory(Path path) {
    this.path = path;
  }

  /// Returns the directory of a layer, which need not exist.
  static LayerDirectory of(Path layers, Digest layer) {
    return new LayerDirectory(layers.resolve(layer.hex()));
  }

  /// Makes an empty directory to compile into.
  static LayerDirectory unfinished(Path layers) throws IOException {
    String name = "%s%d-%d".formatted(UNFINISHED, PID, UNFINISHED_NUMBER.getAndIncrement());
    Path path = layers.resolve(name);
    return new LayerDirectory(Files.createDirectory(path, OWNER_ONLY));
  }

  /// Removes what a process that was killed left unfinished.
  static void removeUnfinished(Path layers) throws IOException {
    try (Stream<Path> entries = Files.list(layers)) {
      for (Path entry :
          entries.filter(p -> p.getFileName().toString().startsWith(UNFINISHED)).toList()) {
        new LayerDirectory(entry).delete();
      }
    }
  }

  /// Returns the layers that are on disk, a new set.
  static Set<Digest> list(Path layers) throws IOException {
    try (Stream<Path> entries = Files.list(layers)) {
      return entries
          .flatMap(entry -> Digest.findHex(entry.getFileName().toString()).stream())
          .collect(Collectors.toCollection(HashSet::new));
    }
  }

  /// Returns what the directory takes of the disk, by the size of its files; nothing if it is not
  /// there.
  LayerUsage usage() throws IOException {
    long bytes = 0;
    long files = 0;
    try (Stream<Path> entries = Files.list(path)) {
      for (Path entry : entries.toList()) {
        bytes += (Files.size(entry) + BLOCK - 1) / BLOCK * BLOCK;
        files++;
      }
    } catch (NoSuchFileException _) {
      return new LayerUsage(0, 0); // or removed while it was read
    }
    return new LayerUsage(bytes, files);
  }

  Path image() {
    return path.resolve("layer.erofs");
  }

  Path table() {
    return path.resolve("chunks.idx");
  }

  /// What the layer says about prefetching, see [PrefetchMark].
  Path landmark() {
    return path.resolve("landmark");
  }

  private Path completeFile() {
    return path.resolve("complete");
  }

  /// Tells whether all of the layer has been fetched. What was evicted since comes when it is read.
  boolean isComplete() {
    return Files.exists(completeFile());
  }

  /// Notes that all of the layer has been fetched.
  ///
  /// @throws NoSuchFileException if the layer was removed meanwhile
  void markComplete() throws IOException {
    Files.writeString(completeFile(), "", StandardCharsets.US_ASCII);
    force(path);
  }

  private Path tocDigestFile() {
    return path.resolve("toc.digest");
  }

  /// Tells whether the layer is here.
  boolean exists() {
    return Files.exists(tocDigestFile());
  }

  /// Returns the digest of the TOC that this was compiled from.
  ///
  /// @throws MalformedLayerException if the file holds something else
  Digest tocDigest() throws IOException {
    String text = Files.readString(tocDigestFile()).strip();
    return Digest.find(text)
        .orElseThrow(() ->
            new MalformedLayerException(
                MalformedLayerException.UNKNOWN_OFFSET,
                "%s does not hold a digest".formatted(tocDigestFile())));
  }

  /// Writes the TOC's digest and forces everything to disk: nothing is missing but the name.
  void seal(Digest tocDigest) throws IOException {
    Files.writeString(tocDigestFile(), tocDigest + "\n", StandardCharsets.US_ASCII);
    forceAll(List.of(table(), image(), landmark(), tocDigestFile(), path));
  }

  /// At once, so that a file system with a journal writes that once for all.
  private static void forceAll(List<Path> files) throws IOException {
    List<Future<?>> forced = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Path file : files) {
        forced.add(
            threads.submit(() -> {
              force(file);
              return file;
            }));
      }
    }
    for (Future<?> each : forced) {
      if (each.state() == Future.State.FAILED) {
        throw new IOException(each.exceptionNow().getMessage(), each.exceptionNow());
      }
    }
  }

  /// Gives the directory, which is sealed, its name. That is not on the disk before `layers` is
  /// forced.
  ///
  /// Nothing happens if another thread or process was first: both compiled the same bytes.
  LayerDirectory publish(Path layers, Digest layer) throws IOException {
    LayerDirectory finished = of(layers, layer);
    try {
      Files.move(path, finished.path, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException e) {
      if (!finished.exists()) {
        throw e;
      }
      delete();
    }
    return finished;
  }

  /// Removes the directory with all that is in it, if it is there.
  void delete() throws IOException {
    Optional<List<Path>> files = contents();
    for (Path file : files.orElse(List.of())) {
      Files.deleteIfExists(file);
    }
  }

  private Optional<List<Path>> contents() throws IOException {
    try (Stream<Path> walk = Files.walk(path)) {
      return Optional.of(walk.sorted(Comparator.reverseOrder()).toList());
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  /// Forces a file or a directory to the disk.
  static void force(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
