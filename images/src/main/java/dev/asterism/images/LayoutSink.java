package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Blob;
import dev.asterism.registry.Descriptor;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/// An image of an OCI layout in a folder, being written.
///
/// A blob gets its name when it is whole. What a killed writer left lies in `.asterism`, which the
/// next one empties; one writes at a time.
final class LayoutSink implements ImageSink {
  private static final String LAYOUT = "{\"imageLayoutVersion\":\"1.0.0\"}";

  private final Path folder;
  private final Path wip;
  private final Optional<String> tag;
  private final FileChannel lock;

  private LayoutSink(Path folder, Path wip, Optional<String> tag, FileChannel lock) {
    this.folder = folder;
    this.wip = wip;
    this.tag = tag;
    this.lock = lock;
  }

  /// Opens a layout, or makes one.
  ///
  /// @param tag the image's name in it; without one it replaces an image that has none either
  /// @throws IOException if another process writes to it
  static LayoutSink open(Path folder, Optional<String> tag) throws IOException {
    Path wip = Files.createDirectories(folder.resolve(".asterism"));
    Files.createDirectories(folder.resolve("blobs/sha256"));
    FileChannel lock =
        FileChannel.open(wip.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      if (!isTaken(lock)) {
        throw new IOException("%s: another process writes to this layout".formatted(folder));
      }
      empty(wip);
      return new LayoutSink(folder, wip, tag, lock);
    } catch (IOException e) {
      lock.close();
      throw e;
    }
  }

  private static boolean isTaken(FileChannel lock) throws IOException {
    try {
      FileLock taken = lock.tryLock();
      return taken != null;
    } catch (OverlappingFileLockException _) {
      return false;
    }
  }

  private static void empty(Path wip) throws IOException {
    try (Stream<Path> files = Files.list(wip)) {
      for (Path file : files.filter(f -> !f.endsWith("lock")).toList()) {
        Files.delete(file);
      }
    }
  }

  private Path path(Descriptor blob) {
    return folder.resolve("blobs/sha256").resolve(blob.digest().hex());
  }

  @Override
  public boolean has(Descriptor blob, ImageSource source) throws IOException {
    Path file = path(blob);
    return Files.isRegularFile(file) && Files.size(file) == blob.size();
  }

  @Override
  public void put(Descriptor blob, Blob content, LongConsumer progress) throws IOException {
    Path part = wip.resolve(UUID.randomUUID().toString());
    try {
      try (VerifiedInput in = VerifiedInput.open(content, progress);
          OutputStream out = Files.newOutputStream(part, StandardOpenOption.CREATE_NEW)) {
        in.transferTo(out);
        in.finish("blob of " + folder, blob.digest());
      }
      Files.move(part, path(blob), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  @Override
  public void put(Document document) throws IOException {
    write(path(document.descriptor()), document.bytes());
  }

  @Override
  public boolean hasTag() {
    return tag.isPresent();
  }

  @Override
  public void nameBeside(Document root, String suffix) throws IOException {
    name(root, Optional.of(tag.orElseThrow() + suffix));
  }

  @Override
  public void name(Document root) throws IOException {
    name(root, tag);
  }

  private void name(Document root, Optional<String> name) throws IOException {
    put(root);
    write(folder.resolve("oci-layout"), LAYOUT.getBytes(UTF_8));
    Path index = folder.resolve("index.json");
    Json.Obj before = Json.Obj.empty();
    try {
      before = Json.parse(index.toString(), Files.readAllBytes(index));
    } catch (NoSuchFileException _) {
      // a new layout
    }
    write(index, index(before, root, name).bytes());
  }

  /// Returns the index of a layout with one image more, or another one under that tag.
  static Json.Obj index(Json.Obj before, Document root, Optional<String> tag) {
    List<Json> manifests = new ArrayList<>();
    for (Json.Obj each : before.objects("manifests")) {
      Optional<String> name =
          Optional.ofNullable(each.strings("annotations").get(LayoutSource.NAME));
      if (!name.equals(tag)) {
        manifests.add(each);
      }
    }
    Json.Obj descriptor =
        Json.Obj.empty()
            .with("mediaType", root.mediaType())
            .with("digest", root.digest().toString())
            .with("size", new Json.Num(Integer.toString(root.bytes().length)));
    manifests.add(
        tag.isEmpty()
            ? descriptor
            : descriptor.with("annotations", Json.Obj.empty().with(LayoutSource.NAME, tag.get())));
    Json.Obj index =
        before.members().isEmpty()
            ? Json.Obj.empty().with("schemaVersion", new Json.Num("2"))
            : before;
    return index.with("manifests", new Json.Arr(manifests));
  }

  private void write(Path file, byte[] bytes) throws IOException {
    Path part = wip.resolve(UUID.randomUUID().toString());
    try {
      Files.write(part, bytes, StandardOpenOption.CREATE_NEW);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  @Override
  public void close() throws IOException {
    empty(wip);
    Files.deleteIfExists(wip.resolve("lock"));
    Files.deleteIfExists(wip);
    lock.close();
  }
}
