package dev.asterism.estargz;

import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.TocEntry.Device;
import dev.asterism.estargz.TocEntry.Directory;
import dev.asterism.estargz.TocEntry.Fifo;
import dev.asterism.estargz.TocEntry.HardLink;
import dev.asterism.estargz.TocEntry.RegularFile;
import dev.asterism.estargz.TocEntry.Symlink;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Makes entries of rows: checks every field, gathers a file's chunks, hands entries on.
///
/// Source of the rules: eStargz specification, "TOC" and "TOCEntry". Confined to one thread.
final class TocRows {
  private static final int MAX_MAJOR = 0xfff;
  private static final int MAX_MINOR = 0xfffff;

  private final long tocOffset;
  private final TocLimits limits;
  private final TocVisitor visitor;
  private long rows;

  /// The last row that was no chunk, for messages.
  private String current = "";

  private boolean chunksMayFollow;
  private String name = "";
  private Attributes attributes = Attributes.IMPLIED_DIRECTORY;
  private long size;
  private Optional<Digest> digest = Optional.empty();
  private final List<Chunk> chunks = new ArrayList<>();

  TocRows(long tocOffset, TocLimits limits, TocVisitor visitor) {
    this.tocOffset = tocOffset;
    this.limits = limits;
    this.visitor = visitor;
  }

  /// Takes the next row.
  void add(TocRow row) throws IOException {
    rows++;
    if (rows > limits.rows()) {
      throw malformed("TOC has more than %d rows".formatted(limits.rows()));
    }
    if (row.type.equals("chunk")) {
      if (!chunksMayFollow) {
        throw malformed("a chunk row follows that belongs to no file");
      }
      addChunk(row);
      return;
    }
    finishFile();
    current = row.name;
    open(row);
  }

  /// Ends the last file.
  void end() throws IOException {
    finishFile();
  }

  /// Returns an exception that names the row that is being read.
  MalformedLayerException malformed(String what) {
    return new MalformedLayerException(
        MalformedLayerException.UNKNOWN_OFFSET,
        "TOC entry %s (row %d): %s".formatted(EntryNames.quote(current), rows, what));
  }

  private void open(TocRow row) throws IOException {
    String cleaned = EntryNames.clean(row.name, limits);
    if (cleaned.isEmpty() && !row.type.equals("dir")) {
      throw malformed("the root is of type " + EntryNames.quote(row.type));
    }
    Attributes attrs = attributes(row);
    switch (row.type) {
      case "dir" -> visitor.visit(new Directory(cleaned, attrs));
      case "reg" -> openFile(cleaned, attrs, row);
      case "symlink" -> visitor.visit(new Symlink(cleaned, attrs, symlinkTarget(row)));
      case "hardlink" -> visitor.visit(new HardLink(cleaned, attrs, hardLinkTarget(row)));
      case "char" -> visitor.visit(device(cleaned, attrs, Device.Kind.CHARACTER, row));
      case "block" -> visitor.visit(device(cleaned, attrs, Device.Kind.BLOCK, row));
      case "fifo" -> visitor.visit(new Fifo(cleaned, attrs));
      default -> throw malformed("unknown type " + EntryNames.quote(row.type));
    }
  }

  private Attributes attributes(TocRow row) throws MalformedLayerException {
    if (!isId(row.uid) || !isId(row.gid)) {
      throw malformed("owner %d:%d is out of range".formatted(row.uid, row.gid));
    }
    return new Attributes(
        (int) row.mode & Attributes.MODE_MASK,
        row.uid,
        row.gid,
        TocTime.parse(row.modtime).orElseThrow(() -> malformed("modtime is no RFC 3339 time")),
        row.xattrs);
  }

  private static boolean isId(long id) {
    return id >= 0 && id <= Attributes.MAX_ID;
  }

  private String symlinkTarget(TocRow row) throws MalformedLayerException {
    if (row.linkName.isEmpty()) {
      throw malformed("symlink without a target");
    }
    EntryNames.checkText(row.linkName, limits.nameSize(), "symlink's target");
    return row.linkName;
  }

  private String hardLinkTarget(TocRow row) throws MalformedLayerException {
    String target = EntryNames.clean(row.linkName, limits);
    if (target.isEmpty()) {
      throw malformed("hard link to the root");
    }
    return target;
  }

  private Device device(String cleaned, Attributes attrs, Device.Kind kind, TocRow row)
      throws MalformedLayerException {
    if (row.devMajor < 0
        || row.devMajor > MAX_MAJOR
        || row.devMinor < 0
        || row.devMinor > MAX_MINOR) {
      throw malformed("device %d:%d is out of range".formatted(row.devMajor, row.devMinor));
    }
    return new Device(cleaned, attrs, kind, (int) row.devMajor, (int) row.devMinor);
  }

  private void openFile(String cleaned, Attributes attrs, TocRow row) throws IOException {
    if (row.size < 0) {
      throw malformed("size %d is negative".formatted(row.size));
    }
    chunksMayFollow = true;
    name = cleaned;
    attributes = attrs;
    size = row.size;
    digest = digest(row.digest, "digest");
    chunks.clear();
    if (size > 0) {
      addChunk(row);
    }
  }

  private void addChunk(TocRow row) throws MalformedLayerException {
    long fileOffset = chunks.isEmpty() ? 0 : chunks.getLast().fileEnd();
    if (row.chunkOffset != fileOffset) {
      throw malformed("chunk at %d, expected at %d".formatted(row.chunkOffset, fileOffset));
    }
    long rest = size - fileOffset;
    long length = row.chunkSize == 0 ? rest : row.chunkSize;
    if (length <= 0 || length > rest) {
      throw malformed(
          "chunk of %d bytes at %d of a file of %d".formatted(length, fileOffset, size));
    }
    if (length > limits.chunkSize()) {
      throw malformed("chunk of %d bytes, more than %d".formatted(length, limits.chunkSize()));
    }
    if (chunks.size() == limits.chunks()) {
      throw malformed("more than %d chunks".formatted(limits.chunks()));
    }
    if (row.offset < 0 || row.offset >= tocOffset) {
      throw malformed("blob offset %d is not in [0, %d)".formatted(row.offset, tocOffset));
    }
    if (row.innerOffset < 0 || row.innerOffset > limits.memberSize() - length) {
      throw malformed("inner offset %d is out of range".formatted(row.innerOffset));
    }
    chunks.add(
        new Chunk(
            fileOffset,
            (int) length,
            digest(row.chunkDigest, "chunkDigest"),
            row.offset,
            row.innerOffset));
  }

  private Optional<Digest> digest(String text, String what) throws MalformedLayerException {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Optional<Digest> parsed = Digest.find(text);
    if (parsed.isEmpty()) {
      throw malformed("%s %s is no SHA-256 digest".formatted(what, EntryNames.quote(text)));
    }
    return parsed;
  }

  private void finishFile() throws IOException {
    if (!chunksMayFollow) {
      return;
    }
    chunksMayFollow = false;
    long end = chunks.isEmpty() ? 0 : chunks.getLast().fileEnd();
    if (end != size) {
      throw malformed("chunks end at %d of %d".formatted(end, size));
    }
    if (chunks.size() == 1) {
      chunks.set(0, onlyChunk(chunks.getFirst()));
    }
    visitor.visit(new RegularFile(name, attributes, size, digest, chunks));
  }

  /// A file's only chunk has the file's digest, whichever of the two the TOC has.
  private Chunk onlyChunk(Chunk chunk) throws MalformedLayerException {
    if (chunk.digest().isEmpty()) {
      return new Chunk(0, chunk.size(), digest, chunk.blobOffset(), chunk.innerOffset());
    }
    if (digest.isEmpty()) {
      digest = chunk.digest();
    } else if (!digest.equals(chunk.digest())) {
      throw malformed("digest and chunkDigest of the same bytes differ");
    }
    return chunk;
  }
}
