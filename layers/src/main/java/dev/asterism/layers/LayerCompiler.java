package dev.asterism.layers;

import dev.asterism.cache.CacheMode;
import dev.asterism.cache.PartOfFile;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.erofs.Content;
import dev.asterism.erofs.EntryPath;
import dev.asterism.erofs.TreeBuilder;
import dev.asterism.estargz.Chunk;
import dev.asterism.estargz.TocEntry;
import dev.asterism.layers.LayerObject.Sharing;
import dev.asterism.layers.LayerRequest.Verification;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// Turns the rows of a TOC into the two things that a mounted layer is: a tree and a chunk table.
///
/// What the tree makes of whiteouts, missing parents and names that come twice is [TreeBuilder]'s
/// business. Confined to one thread.
final class LayerCompiler {
  private final Digest layer;
  private final Verification verification;
  private final Catalog catalog;
  private final CacheMode mode;
  private final TreeBuilder tree = new TreeBuilder();
  private final ChunkTableBuilder chunks = new ChunkTableBuilder();
  private final Neighbourhoods neighbourhoods = new Neighbourhoods();
  private final UUID compilation = UUID.randomUUID();
  private PrefetchMark mark = new PrefetchMark.Unsaid();
  private int entries;

  /// @param catalog the layers that are mounted now: a file that contradicts them is kept apart
  /// @param mode where the store keeps content
  LayerCompiler(Digest layer, Verification verification, Catalog catalog, CacheMode mode) {
    this.mode = mode;
    this.layer = layer;
    this.verification = verification;
    this.catalog = catalog;
  }

  TreeBuilder tree() {
    return tree;
  }

  ChunkTableBuilder chunks() {
    return chunks;
  }

  /// Returns what the rows so far say about prefetching.
  PrefetchMark mark() {
    return mark;
  }

  /// Takes the next row.
  ///
  /// @throws MalformedLayerException if the tree cannot hold it, or it cannot be verified although
  ///   it must be
  void visit(TocEntry entry) throws MalformedLayerException {
    int number = entries++;
    if (entry.isBookkeeping()) {
      landmark(entry);
      return;
    }
    add(entry, number);
  }

  /// No member that holds content reaches over a landmark: what is prefetched ends there.
  private void landmark(TocEntry entry) {
    mark = mark.with(entry);
    if (mark instanceof PrefetchMark.UpTo(long offset)) {
      chunks.boundary(offset);
    }
  }

  private void add(TocEntry entry, int number) throws MalformedLayerException {
    long size = 0;
    dev.asterism.erofs.Attributes attributes = translate(entry.attributes());
    EntryPath path = EntryPath.of(entry.name());
    switch (entry) {
      case TocEntry.Directory _ -> tree.directory(path, attributes);
      case TocEntry.RegularFile file when file.size() == 0 -> tree.emptyFile(path, attributes);
      case TocEntry.RegularFile file -> {
        size = file.size();
        tree.regularFile(
            path, attributes, size, content(file, number, neighbourhoods.of(path.toString())));
      }
      case TocEntry.Symlink link -> tree.symlink(path, attributes, link.target());
      case TocEntry.HardLink link -> tree.hardLink(path, EntryPath.of(link.target()), attributes);
      case TocEntry.Device device -> device(path, device, attributes);
      case TocEntry.Fifo _ -> tree.fifo(path, attributes);
    }
    chunks.count(size);
  }

  private void device(
      EntryPath path, TocEntry.Device device, dev.asterism.erofs.Attributes attributes)
      throws MalformedLayerException {
    switch (device.kind()) {
      case BLOCK -> tree.blockDevice(path, attributes, device.major(), device.minor());
      case CHARACTER -> tree.characterDevice(path, attributes, device.major(), device.minor());
    }
  }

  /// Lists a file's chunks and returns where overlayfs finds its content.
  private Content content(TocEntry.RegularFile file, int number, Neighbourhood place)
      throws MalformedLayerException {
    Optional<Digest> known = contentDigest(file);
    boolean shared =
        known.isPresent()
            && verification == Verification.REQUIRED
            && !catalog.contradicts(known.get(), parts(file));
    Sharing sharing = shared ? Sharing.SHARED : Sharing.PRIVATE;
    Digest digest =
        switch (sharing) {
          case SHARED -> known.orElseThrow();
          case PRIVATE -> standIn(number);
        };
    chunks.object(digest, file.size(), number, sharing, place);
    for (Chunk chunk : file.chunks()) {
      add(file, chunk);
    }
    return Places.of(mode, layer, digest);
  }

  /// Returns a file's chunks as the store knows them.
  ///
  /// @throws MalformedLayerException if one has no digest
  private static List<PartOfFile> parts(TocEntry.RegularFile file) throws MalformedLayerException {
    List<PartOfFile> parts = new ArrayList<>(file.chunks().size());
    for (Chunk chunk : file.chunks()) {
      parts.add(
          new PartOfFile(
              chunk.fileOffset(),
              digest(file, chunk).orElseThrow(() -> unverifiable(file, chunk)),
              chunk.size()));
    }
    return parts;
  }

  private static Optional<Digest> digest(TocEntry.RegularFile file, Chunk chunk)
      throws MalformedLayerException {
    return file.chunks().size() == 1 ? contentDigest(file) : chunk.digest();
  }

  private static MalformedLayerException unverifiable(TocEntry.RegularFile file, Chunk chunk) {
    return new MalformedLayerException(
        chunk.blobOffset(),
        "file %s has a chunk without a digest: it cannot be verified".formatted(file.name()));
  }

  /// Returns what the whole content hashes to, as far as the TOC says: a file of one chunk is that
  /// chunk.
  private static Optional<Digest> contentDigest(TocEntry.RegularFile file)
      throws MalformedLayerException {
    if (file.chunks().size() != 1) {
      return file.digest();
    }
    Optional<Digest> chunk = file.chunks().getFirst().digest();
    if (chunk.isPresent() && file.digest().isPresent() && !chunk.equals(file.digest())) {
      throw new MalformedLayerException(
          file.chunks().getFirst().blobOffset(),
          "file %s has digest %s and its only chunk %s"
              .formatted(file.name(), file.digest().get(), chunk.get()));
    }
    return chunk.or(file::digest);
  }

  private void add(TocEntry.RegularFile file, Chunk chunk) throws MalformedLayerException {
    Optional<Digest> digest = digest(file, chunk);
    if (digest.isPresent()) {
      chunks.chunk(
          chunk.blobOffset(), chunk.innerOffset(), chunk.fileOffset(), chunk.size(), digest.get());
      return;
    }
    switch (verification) {
      case SKIPPED ->
          chunks.chunk(chunk.blobOffset(), chunk.innerOffset(), chunk.fileOffset(), chunk.size());
      case REQUIRED -> throw unverifiable(file, chunk);
    }
  }

  /// Returns the name of a private object. It is a digest of other bytes than any content, so it
  /// can meet no object's; and of other bytes than any other compilation's, so that what the kernel
  /// remembers under it is of this one.
  private Digest standIn(int number) {
    String text =
        "asterism private object %d of %s compiled %s".formatted(number, layer, compilation);
    return Digest.of(text.getBytes(StandardCharsets.UTF_8));
  }

  private static dev.asterism.erofs.Attributes translate(
      dev.asterism.estargz.Attributes attributes) {
    Instant mtime = attributes.mtime();
    return new dev.asterism.erofs.Attributes(
        attributes.mode(),
        attributes.uid(),
        attributes.gid(),
        mtime.getEpochSecond(),
        mtime.getNano(),
        attributes.xattrs());
  }
}
