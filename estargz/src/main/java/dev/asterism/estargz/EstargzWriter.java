package dev.asterism.estargz;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarReader;
import dev.asterism.estargz.tar.TarWriter;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PushbackInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/// Makes an eStargz layer of a tar.
///
/// Entries keep their header blocks byte for byte; what is added is a landmark and the TOC, what is
/// dropped is a landmark or TOC that was there. The same input and options give the same bytes.
/// What this writes, [TocReader] reads: every row passes the reader's checks first. Confined to one
/// thread; memory grows with the TOC (some 50 bytes a row), not with the content.
public final class EstargzWriter {
  private EstargzWriter() {}

  /// Converts a tar in one pass, plain or gzip, entries in their order.
  ///
  /// @param tar not closed
  /// @param options without prioritized files: to sort needs the other method
  /// @param out gets the blob; not closed, not flushed
  /// @throws MalformedLayerException if the tar is damaged, or holds what a layer can't
  /// @throws IOException if a stream fails; what was written is of no use
  public static EstargzLayer convert(InputStream tar, EstargzOptions options, OutputStream out)
      throws IOException {
    if (!options.prioritized().isEmpty()) {
      throw new IllegalArgumentException("a stream can't be sorted: prioritized files given");
    }
    try (Session session = new Session(options, out)) {
      session.addLandmark(Landmark.NO_PREFETCH);
      session.addAll(new TarReader(plain(tar)));
      return session.finish();
    }
  }

  /// Converts a plain tar, the prioritized files first, each behind its directories and the target
  /// of its hard link, then the landmark, then the rest.
  ///
  /// Of entries with equal names only the last stays, in its place.
  ///
  /// @param tar read twice
  /// @param out gets the blob; not closed, not flushed
  /// @throws MalformedLayerException if the tar is damaged, or holds what a layer can't
  /// @throws IOException if the source or `out` fails; what was written is of no use
  public static EstargzLayer convert(Blob tar, EstargzOptions options, OutputStream out)
      throws IOException {
    TarOrder order = TarOrder.of(tar, options.prioritized());
    try (Session session = new Session(options, out)) {
      for (ByteRange entry : order.prioritized()) {
        session.addAll(tar, entry);
      }
      session.addLandmark(order.prioritized().isEmpty() ? Landmark.NO_PREFETCH : Landmark.PREFETCH);
      for (ByteRange entry : order.others()) {
        session.addAll(tar, entry);
      }
      return session.finish();
    }
  }

  private static InputStream plain(InputStream tar) throws IOException {
    PushbackInputStream in = new PushbackInputStream(tar, 2);
    byte[] magic = in.readNBytes(2);
    in.unread(magic);
    boolean gzip = magic.length == 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b;
    return gzip ? new GZIPInputStream(in, 16 << 10) : in;
  }

  /// One layer being written.
  private static final class Session implements Closeable {
    private static final int BUFFER_SIZE = 64 << 10; // 64 KiB
    private static final int LANDMARK_MODE = 0444;

    private final EstargzOptions options;
    private final MemberOutput members;
    private final TocWriter toc = new TocWriter();
    private final TocRow row = new TocRow();
    private final TocRows check;
    private final byte[] buffer = new byte[BUFFER_SIZE];
    private boolean payloadWritten;

    private Session(EstargzOptions options, OutputStream out) {
      this.options = options;
      members = new MemberOutput(out, options.level());
      TocLimits limits = TocLimits.DEFAULT.withChunkSizes(options.chunkSize(), Long.MAX_VALUE);
      check = new TocRows(Long.MAX_VALUE, limits, _ -> {});
    }

    private void addAll(Blob tar, ByteRange entry) throws IOException {
      try (InputStream in = tar.open(entry)) {
        addAll(new TarReader(in));
      }
    }

    private void addAll(TarReader reader) throws IOException {
      Optional<TarEntry> next = reader.next();
      while (next.isPresent()) {
        if (reader.hasGlobalRecords()) {
          throw new MalformedLayerException(
              MalformedLayerException.UNKNOWN_OFFSET, "tar: PAX global header: not supported");
        }
        TarEntry entry = next.get();
        if (!Landmark.isBookkeeping(EntryNames.clean(entry.name(), TocLimits.DEFAULT))) {
          add(entry, reader.header(), reader.content());
        }
        next = reader.next();
      }
    }

    private void addLandmark(String name) throws IOException {
      TarEntry entry = TarEntry.file(name, LANDMARK_MODE, 1);
      byte[] content = {Landmark.CONTENT};
      add(entry, TarWriter.header(entry), new ByteArrayInputStream(content));
    }

    private void add(TarEntry entry, byte[] header, InputStream content) throws IOException {
      members.write(header);
      row.clear();
      row.name = entry.name();
      row.type = type(entry.type());
      row.modtime = TocTime.format(entry.mtime());
      row.linkName = entry.linkName();
      row.mode = entry.mode();
      row.uid = entry.uid();
      row.gid = entry.gid();
      row.devMajor = entry.major();
      row.devMinor = entry.minor();
      entry.xattrs().forEach(row::xattr);
      if (entry.type() == TarEntry.Type.FILE) {
        addContent(entry, content);
      } else {
        emit();
      }
    }

    private void addContent(TarEntry entry, InputStream content) throws IOException {
      MessageDigest whole = Digest.hasher();
      boolean landmark = Landmark.isBookkeeping(entry.name());
      List<Chunk> chunks = new ArrayList<>();
      for (long at = 0; at < entry.size(); at += options.chunkSize()) {
        int size = (int) Math.min(options.chunkSize(), entry.size() - at);
        if (opensMember(landmark)) {
          members.cut();
        }
        payloadWritten = true;
        long blobOffset = members.memberStart();
        long innerOffset = members.innerOffset();
        Digest digest = copy(content, size, whole);
        chunks.add(new Chunk(at, size, Optional.of(digest), blobOffset, innerOffset));
      }
      members.write(new byte[TarWriter.padding(entry.size())]);
      row.size = entry.size();
      row.digest = Digest.finish(whole).toString();
      emit(chunks);
    }

    /// The first payload always opens one: then no member starts with an inner offset.
    private boolean opensMember(boolean landmark) {
      return landmark || !payloadWritten || members.memberSize() >= options.minChunkSize();
    }

    private Digest copy(InputStream content, int size, MessageDigest whole) throws IOException {
      MessageDigest hasher = Digest.hasher();
      int rest = size;
      while (rest > 0) {
        int n = content.read(buffer, 0, Math.min(rest, BUFFER_SIZE));
        if (n < 0) {
          throw new EOFException("content ends early");
        }
        hasher.update(buffer, 0, n);
        whole.update(buffer, 0, n);
        members.write(buffer, 0, n);
        rest -= n;
      }
      return Digest.finish(hasher);
    }

    private void emit(List<Chunk> chunks) throws IOException {
      String name = row.name;
      if (chunks.isEmpty()) {
        emit();
      }
      for (Chunk chunk : chunks) {
        if (chunk.fileOffset() > 0) {
          row.clear();
          row.name = name;
          row.type = "chunk";
        }
        row.offset = chunk.blobOffset();
        row.innerOffset = chunk.innerOffset();
        row.chunkOffset = chunk.fileOffset();
        // Full chunks say their size, a rest is told by the file's.
        row.chunkSize = chunk.size() == options.chunkSize() ? chunk.size() : 0;
        row.chunkDigest = chunk.digest().map(Digest::toString).orElse("");
        emit();
      }
    }

    private void emit() throws IOException {
      check.add(row);
      toc.add(row);
    }

    private EstargzLayer finish() throws IOException {
      check.end();
      Digest tocDigest = toc.finish();
      members.cut();
      long tocOffset = members.memberStart();
      members.write(TarWriter.header(TarEntry.file(Landmark.TOC, LANDMARK_MODE, toc.size())));
      try (InputStream json = toc.content()) {
        for (int n = json.read(buffer); n >= 0; n = json.read(buffer)) {
          members.write(buffer, 0, n);
        }
      }
      members.write(new byte[TarWriter.padding(toc.size())]);
      members.write(TarWriter.end());
      return members.finish(tocOffset, tocDigest);
    }

    private static String type(TarEntry.Type type) {
      return switch (type) {
        case FILE -> "reg";
        case HARD_LINK -> "hardlink";
        case SYMLINK -> "symlink";
        case CHARACTER_DEVICE -> "char";
        case BLOCK_DEVICE -> "block";
        case DIRECTORY -> "dir";
        case FIFO -> "fifo";
      };
    }

    @Override
    public void close() {
      members.close();
    }
  }
}
