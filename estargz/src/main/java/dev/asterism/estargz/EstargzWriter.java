package dev.asterism.estargz;

import static dev.asterism.estargz.EntryNames.quote;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
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
import java.io.SequenceInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;

/// Makes an eStargz or a zstd:chunked layer of a tar, as the options' encoder says.
///
/// Entries keep their header blocks byte for byte, but those of sparse files, which are written out
/// whole, and those that a global header speaks for; what is added is a landmark and, unless it
/// goes elsewhere, the TOC; what is dropped is a landmark or TOC that was there. With
/// [TocPlace#BESIDE_SAME_TAR] all of the tar stays, and what can't is refused. The same input and
/// options give the same bytes, however many workers there are. What this writes, [TocReader]
/// reads: every row passes the reader's checks first. Confined to one thread; memory grows with the
/// TOC (some 50 bytes a row), not with the content.
public final class EstargzWriter {
  private EstargzWriter() {}

  /// Converts a tar in one pass, entries in their order, on the caller's thread alone.
  ///
  /// As the method below.
  public static EstargzLayer convert(InputStream tar, EstargzOptions options, OutputStream out)
      throws IOException {
    return convert(tar, options, Workers.CALLER, out);
  }

  /// Converts a tar in one pass, entries in their order.
  ///
  /// @param tar plain, or compressed as [LayerStream] reads it; not closed
  /// @param options without prioritized files: to sort needs the other method
  /// @param workers compress; all that they were given is done when this returns
  /// @param out gets the blob; not closed, not flushed
  /// @throws MalformedLayerException if the tar is damaged, or holds what a layer can't
  /// @throws IOException if a stream fails; what was written is of no use
  public static EstargzLayer convert(
      InputStream tar, EstargzOptions options, Workers workers, OutputStream out)
      throws IOException {
    return convert(tar, options, workers, out, _ -> {});
  }

  /// As the other.
  ///
  /// @param remarks is told what is odd about names that are read as something else than they say
  public static EstargzLayer convert(
      InputStream tar,
      EstargzOptions options,
      Workers workers,
      OutputStream out,
      Consumer<String> remarks)
      throws IOException {
    if (!options.prioritized().isEmpty()) {
      throw new IllegalArgumentException("a stream can't be sorted: prioritized files given");
    }
    try (InputStream plain = LayerStream.plain(tar);
        Session session = new Session(options, workers, out, remarks)) {
      if (options.toc() == TocPlace.BESIDE_SAME_TAR) {
        session.addWhole(plain);
        return session.finish(new byte[0]);
      }
      session.addLandmark(Landmark.NO_PREFETCH);
      session.addAll(new TarReader(plain));
      return session.finish(TarWriter.end());
    }
  }

  /// Converts a plain tar, the prioritized files first, on the caller's thread alone.
  ///
  /// As the method below.
  public static EstargzLayer convert(Blob tar, EstargzOptions options, OutputStream out)
      throws IOException {
    return convert(tar, options, Workers.CALLER, out);
  }

  /// Converts a plain tar, the prioritized files first, each behind its directories and the target
  /// of its hard link, then the landmark, then the rest.
  ///
  /// Of entries with equal names only the last stays, in its place.
  ///
  /// @param options not with a tar that stays the same: that is the other method's
  /// @param tar read twice
  /// @param workers compress; all that they were given is done when this returns
  /// @param out gets the blob; not closed, not flushed
  /// @throws MalformedLayerException if the tar is damaged, or holds what a layer can't; sorting
  ///   takes no global headers either
  /// @throws IOException if the source or `out` fails; what was written is of no use
  public static EstargzLayer convert(
      Blob tar, EstargzOptions options, Workers workers, OutputStream out) throws IOException {
    return convert(tar, options, workers, out, _ -> {});
  }

  /// As the other.
  ///
  /// @param remarks is told what is odd about names that are read as something else than they say
  public static EstargzLayer convert(
      Blob tar, EstargzOptions options, Workers workers, OutputStream out, Consumer<String> remarks)
      throws IOException {
    if (options.toc() == TocPlace.BESIDE_SAME_TAR) {
      throw new IllegalArgumentException("a tar that stays the same can't be sorted");
    }
    TarOrder order = TarOrder.of(tar, options.prioritized());
    try (Session session = new Session(options, workers, out, remarks)) {
      for (ByteRange entry : order.prioritized()) {
        session.addAll(tar, entry);
      }
      session.addLandmark(order.prioritized().isEmpty() ? Landmark.NO_PREFETCH : Landmark.PREFETCH);
      for (ByteRange entry : order.others()) {
        session.addAll(tar, entry);
      }
      return session.finish(TarWriter.end());
    }
  }

  /// One layer being written.
  private static final class Session implements Closeable {
    private static final int LANDMARK_MODE = 0444;
    private static final long MAX_SKIPPABLE = Integer.MAX_VALUE;
    private static final int BUFFER = 64 << 10; // 64 KiB

    private final EstargzOptions options;
    private final MemberPipeline members;
    private final TocWriter toc = new TocWriter();
    private final TocRows check;
    private final RowQueue rows;
    private final Consumer<String> remarks;
    private boolean payloadWritten;

    private Session(
        EstargzOptions options, Workers workers, OutputStream out, Consumer<String> remarks) {
      this.options = options;
      this.remarks = remarks;
      TocLimits limits =
          TocLimits.DEFAULT.withChunkSizes(
              options.chunking().maxSize(options.chunkSize()), Long.MAX_VALUE);
      check = new TocRows(Long.MAX_VALUE, limits, _ -> {});
      rows =
          new RowQueue(row -> {
            check.add(row);
            toc.add(row);
          });
      members = new MemberPipeline(out, options, workers, rows::drain);
    }

    private void addAll(Blob tar, ByteRange entry) throws IOException {
      try (InputStream in = tar.open(entry)) {
        addAll(new TarReader(in));
      }
    }

    private void addAll(TarReader reader) throws IOException {
      Optional<TarEntry> next = reader.next();
      while (next.isPresent()) {
        TarEntry entry = next.get();
        if (!Landmark.isBookkeeping(EntryNames.clean(entry.name(), TocLimits.DEFAULT))) {
          add(entry, reader.isVerbatim() ? reader.header() : TarWriter.header(entry), reader);
          members.write(new byte[TarWriter.padding(entry.size())]);
        }
        next = reader.next();
      }
    }

    private void addLandmark(String name) throws IOException {
      TarEntry entry = TarEntry.file(name, LANDMARK_MODE, 1);
      byte[] content = {Landmark.CONTENT};
      members.write(TarWriter.header(entry));
      addContent(entry, TocRow.of(entry), new ByteArrayInputStream(content));
      members.write(new byte[TarWriter.padding(1)]);
    }

    /// Adds a tar as it is, with what lies behind its end.
    private void addWhole(InputStream tar) throws IOException {
      TarReader reader = new TarReader(tar);
      for (Optional<TarEntry> e = reader.next(); e.isPresent(); e = reader.next()) {
        String name = e.get().name();
        if (EntryNames.clean(name, TocLimits.DEFAULT).equals(Landmark.TOC)) {
          throw unkept(name, "that is a TOC already");
        }
        if (reader.isSparse()) {
          throw unkept(name, "a sparse file");
        }
        add(e.get(), reader.header(), reader);
        members.write(reader.padding());
      }
      members.write(reader.header());
      byte[] buffer = new byte[BUFFER];
      for (int n = tar.read(buffer); n >= 0; n = tar.read(buffer)) {
        members.write(buffer, 0, n);
      }
    }

    private static MalformedLayerException unkept(String name, String why) {
      return new MalformedLayerException(
          MalformedLayerException.UNKNOWN_OFFSET,
          "entry %s: %s; the diff ID of such a layer can't be kept".formatted(quote(name), why));
    }

    /// Nobody's tool reads such a name as it stands, and not all of them read it alike.
    private void checkNames(TarEntry entry) throws MalformedLayerException {
      EntryNames.checkBelowRoot(entry.name(), "the name")
          .ifPresent(read ->
              remarks.accept("entry %s is read as %s".formatted(quote(entry.name()), read)));
      if (entry.type() == TarEntry.Type.HARD_LINK) {
        EntryNames.checkBelowRoot(
                entry.linkName(), "its link's target %s".formatted(quote(entry.linkName())))
            .ifPresent(read ->
                remarks.accept(
                    "entry %s links to %s, read as %s"
                        .formatted(quote(entry.name()), quote(entry.linkName()), read)));
      }
    }

    private void add(TarEntry entry, byte[] header, TarReader reader) throws IOException {
      checkNames(entry);
      members.write(header);
      TocRow row = TocRow.of(entry);
      if (entry.type() != TarEntry.Type.FILE) {
        rows.add(row);
        return;
      }
      try {
        addContent(entry, row, reader.content());
      } catch (EOFException | ZipException e) {
        throw new MalformedLayerException(
            MalformedLayerException.UNKNOWN_OFFSET,
            "tar: content of %s, of %d bytes: %s"
                .formatted(quote(entry.name()), entry.size(), e.getMessage()),
            e);
      }
    }

    private void addContent(TarEntry entry, TocRow file, InputStream content) throws IOException {
      file.size = entry.size();
      if (entry.size() == 0) {
        file.digest = Digest.of(new byte[0]).toString();
        rows.add(file);
        return;
      }
      boolean several = entry.size() > options.chunkSize();
      Optional<MessageDigest> whole = several ? Optional.of(Digest.hasher()) : Optional.empty();
      Optional<RowQueue.WholeFile> found =
          several ? Optional.of(new RowQueue.WholeFile()) : Optional.empty();
      Cutter cutter = options.chunking().open(content, entry.size(), options.chunkSize());
      long at = 0;
      for (int size = cutter.next(); size > 0; size = cutter.next()) {
        if (opensMember(Landmark.isBookkeeping(entry.name()))) {
          members.cut(size);
        }
        payloadWritten = true;
        RowQueue.Place place =
            new RowQueue.Place(members.open(), members.addPayload(cutter.content(), size, whole));
        TocRow row = at == 0 ? file : chunkRow(entry.name());
        row.chunkOffset = at;
        // Full chunks say their size, a rest is told by the file's.
        boolean rest = at + size == entry.size() && size != options.chunkSize();
        row.chunkSize = rest ? 0 : size;
        if (at == 0) {
          rows.addFile(row, place, found);
        } else {
          rows.addChunk(row, place);
        }
        at += size;
      }
      found.ifPresent(digest -> digest.found(Digest.finish(whole.orElseThrow())));
    }

    private static TocRow chunkRow(String name) {
      TocRow row = new TocRow();
      row.name = name;
      row.type = "chunk";
      return row;
    }

    /// The first payload always opens one: then no member starts with an inner offset.
    private boolean opensMember(boolean landmark) {
      return landmark
          || !payloadWritten
          || members.mustCut()
          || members.open().length() >= options.minChunkSize();
    }

    /// @param end what is still missing of the tar
    private EstargzLayer finish(byte[] end) throws IOException {
      if (options.toc() != TocPlace.INSIDE) {
        members.write(end);
        return finishExternal();
      }
      return switch (options.encoder().format()) {
        case ESTARGZ, LEGACY_STARGZ, EXTERNAL_TOC -> finishEstargz(end);
        case ZSTD_CHUNKED -> finishZstdChunked(end);
      };
    }

    private Digest finishToc() throws IOException {
      members.flush();
      rows.drain();
      check.end();
      return toc.finish();
    }

    private EstargzLayer finishEstargz(byte[] end) throws IOException {
      Digest tocDigest = finishToc();
      try (InputStream member = tarOfToc(end)) {
        long tocOffset = members.writeMember(member, sizeOfTar(end));
        return members.finish(Footer.of(tocOffset), tocDigest, Optional.empty());
      }
    }

    private InputStream tarOfToc(byte[] end) {
      byte[] header = TarWriter.header(TarEntry.file(Landmark.TOC, LANDMARK_MODE, toc.size()));
      return new SequenceInputStream(
          Collections.enumeration(
              List.of(
                  new ByteArrayInputStream(header),
                  toc.content(),
                  new ByteArrayInputStream(new byte[TarWriter.padding(toc.size())]),
                  new ByteArrayInputStream(end))));
    }

    private long sizeOfTar(byte[] end) {
      byte[] header = TarWriter.header(TarEntry.file(Landmark.TOC, LANDMARK_MODE, toc.size()));
      return header.length + toc.size() + TarWriter.padding(toc.size()) + end.length;
    }

    /// The TOC becomes a blob of its own, and the footer says that it is elsewhere.
    private EstargzLayer finishExternal() throws IOException {
      Digest tocDigest = finishToc();
      Segments blob = new Segments();
      MessageDigest hasher = Digest.hasher();
      try (InputStream tar = tarOfToc(TarWriter.end());
          OutputStream gzip = new GZIPOutputStream(new DigestOutputStream(blob, hasher), BUFFER)) {
        tar.transferTo(gzip);
      }
      return members
          .finish(Footer.external(), tocDigest, Optional.empty())
          .with(new EstargzLayer.ExternalToc(Digest.finish(hasher), blob.blob()));
    }

    /// The TOC is no part of the tar: it lies in a frame that decoders skip.
    private EstargzLayer finishZstdChunked(byte[] end) throws IOException {
      members.write(end);
      Digest tocDigest = finishToc();
      Segments compressed = new Segments();
      MessageDigest hasher = Digest.hasher();
      try (InputStream json = toc.content();
          OutputStream zstd =
              new ZstdOutputStreamNoFinalizer(
                  new DigestOutputStream(compressed, hasher), options.level())) {
        json.transferTo(zstd);
      }
      long size = compressed.size();
      if (size > MAX_SKIPPABLE) {
        throw new MalformedLayerException(
            MalformedLayerException.UNKNOWN_OFFSET,
            "a TOC of %d bytes, compressed: a skippable frame holds %d"
                .formatted(size, MAX_SKIPPABLE));
      }
      members.writeRaw(new ByteArrayInputStream(ZstdFooter.frameHeader((int) size)));
      try (InputStream content = compressed.content()) {
        long offset = members.writeRaw(content);
        return members.finish(
            ZstdFooter.of(offset, size, toc.size()),
            tocDigest,
            Optional.of(
                new EstargzLayer.CompressedToc(Digest.finish(hasher), offset, size, toc.size())));
      }
    }

    @Override
    public void close() {
      members.close();
    }
  }
}
