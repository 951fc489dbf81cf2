package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarWriter;
import dev.asterism.registry.Descriptor;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/// An image as an OCI layout in a tar, being written: to `FILE.part`, which becomes FILE when it is
/// whole, and which the next writer of FILE overwrites. `docker load` takes it too.
final class ArchiveSink implements ImageSink {
  private static final String LAYOUT = "{\"imageLayoutVersion\":\"1.0.0\"}";

  private final Path file;
  private final Path part;
  private final Optional<String> tag;
  private final OutputStream out;
  private final TarWriter tar;
  private final Set<Digest> held = new HashSet<>();
  private final Map<Digest, Document> manifests = new HashMap<>();
  private Json.Obj index = Json.Obj.empty();

  private ArchiveSink(Path file, Path part, Optional<String> tag, OutputStream out) {
    this.file = file;
    this.part = part;
    this.tag = tag;
    this.out = out;
    tar = new TarWriter(out);
  }

  /// Starts an archive.
  static ArchiveSink create(Path file, Optional<String> tag) throws IOException {
    Path part = file.resolveSibling(file.getFileName() + ".part");
    return new ArchiveSink(
        file,
        part,
        tag,
        new BufferedOutputStream(Files.newOutputStream(part), 256 << 10)); // 256 KiB
  }

  @Override
  public synchronized boolean has(Descriptor blob, ImageSource source) {
    return held.contains(blob.digest());
  }

  @Override
  public synchronized void put(Descriptor blob, Blob content, LongConsumer progress)
      throws IOException {
    if (held.contains(blob.digest())) {
      return;
    }
    try (VerifiedInput in = VerifiedInput.open(content, progress)) {
      tar.add(TarEntry.file("blobs/sha256/" + blob.digest().hex(), 0644, content.size()), in);
      in.finish("blob of " + file, blob.digest());
    }
    held.add(blob.digest());
  }

  @Override
  public synchronized void put(Document document) throws IOException {
    if (held.add(document.digest())) {
      add("blobs/sha256/" + document.digest().hex(), document.bytes());
      manifests.put(document.digest(), document);
    }
  }

  @Override
  public boolean hasTag() {
    return tag.isPresent();
  }

  @Override
  public synchronized void nameBeside(Document root, String suffix) throws IOException {
    put(root);
    index = LayoutSink.index(index, root, Optional.of(tag.orElseThrow() + suffix));
  }

  @Override
  public synchronized void name(Document root) throws IOException {
    put(root);
    add("oci-layout", LAYOUT.getBytes(UTF_8));
    add("index.json", LayoutSink.index(index, root, tag).bytes());
    add(DockerLoadList.FILE, DockerLoadList.of(root, manifests, tag));
    tar.finish();
    out.close();
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private void add(String name, byte[] bytes) throws IOException {
    tar.add(TarEntry.file(name, 0644, bytes.length), new ByteArrayInputStream(bytes));
  }

  @Override
  public void close() throws IOException {
    try {
      out.close();
    } finally {
      Files.deleteIfExists(part);
    }
  }
}
