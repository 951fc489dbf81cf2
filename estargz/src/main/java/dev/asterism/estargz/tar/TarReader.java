package dev.asterism.estargz.tar;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.MalformedLayerException;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipException;

/// Reads a tar archive from a stream, one entry after another.
///
/// Reads ustar, PAX (global headers too), GNU long names, sparse files (as what they expand to),
/// base-256 numbers and the formats before ustar. Multi-volume archives and names that are no UTF-8
/// are refused. Memory is bounded by the largest extension header allowed, 1 MiB, and a sparse
/// file's map. Confined to one thread.
public final class TarReader {
  private static final int MAX_EXTENSION_SIZE = 1 << 20; // 1 MiB
  private static final int MAX_EXTENSIONS = 8;

  private final InputStream in;
  private final Map<String, byte[]> globals = new LinkedHashMap<>();
  private final ByteArrayOutputStream raw = new ByteArrayOutputStream();

  /// Of the next byte of `in`.
  private long offset;

  private long headerOffset;
  private long contentOffset;
  private long contentRest;
  private int padding;
  private boolean sparse;
  private boolean globalsApply;
  private String last = "";
  private String current = "";
  private InputStream content = InputStream.nullInputStream();

  /// @param in the archive; never closed here
  public TarReader(InputStream in) {
    this.in = in;
  }

  /// Goes on to the next entry, skipping what was not read of the last one's content; empty at the
  /// archive's end. Behind the end nothing more is read.
  ///
  /// @throws MalformedLayerException if the archive is damaged, ends early, or holds what is
  ///   refused; names the entry, or where that is not known the one before it
  /// @throws IOException if the stream can't be read
  public Optional<TarEntry> next() throws IOException {
    try {
      return readNext();
    } catch (EOFException | ZipException | MalformedLayerException e) {
      throw new MalformedLayerException(
          MalformedLayerException.UNKNOWN_OFFSET, e.getMessage() + ", " + place(), e);
    }
  }

  private String place() {
    if (current.isEmpty()) {
      return last.isEmpty() ? "at the first entry" : "behind entry " + printable(last);
    }
    return "in entry " + printable(current);
  }

  private Optional<TarEntry> readNext() throws IOException {
    skip(contentRest + padding);
    last = current.isEmpty() ? last : current;
    current = "";
    contentRest = 0;
    padding = 0;
    raw.reset();
    headerOffset = offset;
    Map<String, byte[]> records = new LinkedHashMap<>(globals);
    Map<String, byte[]> gnu = new LinkedHashMap<>();
    for (int extensions = 0; extensions <= MAX_EXTENSIONS; extensions++) {
      byte[] block = in.readNBytes(TarHeader.BLOCK);
      offset += block.length;
      if (block.length == 0 || (block.length == TarHeader.BLOCK && TarHeader.isZero(block))) {
        raw.writeBytes(block);
        return Optional.empty();
      }
      if (block.length < TarHeader.BLOCK) {
        throw new EOFException("tar ends within a header, at " + offset);
      }
      TarHeader.verify(block);
      raw.writeBytes(block);
      switch (block[TarHeader.TYPE]) {
        case 'x' -> records.putAll(PaxRecords.parse(extension(block)));
        case 'g' -> {
          globals.putAll(PaxRecords.parse(extension(block)));
          records.putAll(globals);
        }
        case 'L' -> gnu.put(PaxRecords.PATH, untilNul(extension(block)));
        case 'K' -> gnu.put(PaxRecords.LINK_PATH, untilNul(extension(block)));
        default -> {
          gnu.forEach(records::putIfAbsent);
          return Optional.of(open(block, records));
        }
      }
    }
    throw TarHeader.malformed("more than %d extension headers in a row".formatted(MAX_EXTENSIONS));
  }

  /// Returns the content of the entry that [#next] gave last: a stream that ends at its size, valid
  /// until the next call of [#next], and need not be closed.
  public InputStream content() {
    return content;
  }

  /// Returns the header blocks of that entry, extension headers included, as they stand in the
  /// archive; at its end what was read since the last entry.
  public byte[] header() {
    return raw.toByteArray();
  }

  /// Reads what fills the last block of that entry's content, as it stands in the archive.
  ///
  /// @throws IllegalStateException if the content was not read to its end
  public byte[] padding() throws IOException {
    if (contentRest > 0) {
      throw new IllegalStateException("%d bytes of content are unread".formatted(contentRest));
    }
    byte[] bytes = in.readNBytes(padding);
    offset += bytes.length;
    if (bytes.length < padding) {
      throw new EOFException("tar ends within the content at " + contentOffset);
    }
    padding = 0;
    return bytes;
  }

  /// Returns where in the archive that entry's header blocks start.
  public long headerOffset() {
    return headerOffset;
  }

  /// Returns where in the archive that entry's content starts.
  public long contentOffset() {
    return contentOffset;
  }

  /// Returns where in the archive what follows that entry starts.
  public long endOffset() {
    return offset + contentRest + padding;
  }

  /// Tells whether that entry's header blocks describe it by themselves: no if it is sparse, or a
  /// global header speaks for it.
  public boolean isVerbatim() {
    return !sparse && !globalsApply;
  }

  /// Tells whether that entry is a sparse file: its content is not what stands in the archive.
  public boolean isSparse() {
    return sparse;
  }

  /// Tells whether a global header was met so far that says more than a comment.
  public boolean hasGlobalRecords() {
    return globals.keySet().stream().anyMatch(key -> !key.equals(PaxRecords.COMMENT));
  }

  private TarEntry open(byte[] block, Map<String, byte[]> records) throws IOException {
    sparse = SparseMap.isIn(block, records);
    globalsApply = hasGlobalRecords();
    String name = sparseName(records).orElse(name(block, records));
    current = name;
    TarEntry.Type type = type(block, name);
    long size = size(block, name, records);
    contentRest = type == TarEntry.Type.FILE ? size : 0;
    padding = TarHeader.padding(contentRest);
    if (!sparse) {
      contentOffset = offset;
      content = new Content(contentOffset);
      return entry(block, name, type, contentRest, records);
    }
    SparseMap map =
        SparseMap.read(block, records, this::headerBlock, this::contentBlock, contentRest);
    contentOffset = offset; // behind the map
    content = new SparseContent(map, new Content(contentOffset));
    return entry(block, name, TarEntry.Type.FILE, map.fileSize(), records);
  }

  private static Optional<String> sparseName(Map<String, byte[]> records)
      throws MalformedLayerException {
    Optional<byte[]> name = SparseMap.name(records);
    return name.isPresent() ? Optional.of(decode(name.get())) : Optional.empty();
  }

  private static long size(byte[] block, String name, Map<String, byte[]> records)
      throws MalformedLayerException {
    long size = number(block, TarHeader.SIZE, records, PaxRecords.SIZE);
    if (size < 0) {
      throw TarHeader.malformed("%s has size %d".formatted(printable(name), size));
    }
    return size;
  }

  private byte[] headerBlock() throws IOException {
    byte[] block = in.readNBytes(TarHeader.BLOCK);
    offset += block.length;
    if (block.length < TarHeader.BLOCK || raw.size() > MAX_EXTENSION_SIZE) {
      throw TarHeader.malformed("sparse file's map is cut off or too long");
    }
    raw.writeBytes(block);
    return block;
  }

  private byte[] contentBlock() throws IOException {
    if (contentRest < TarHeader.BLOCK) {
      throw TarHeader.malformed("sparse file's map is cut off");
    }
    byte[] block = in.readNBytes(TarHeader.BLOCK);
    offset += block.length;
    contentRest -= block.length;
    if (block.length < TarHeader.BLOCK) {
      throw TarHeader.malformed("sparse file's map is cut off");
    }
    return block;
  }

  private byte[] extension(byte[] block) throws IOException {
    long size = TarHeader.number(block, TarHeader.SIZE);
    if (size < 0 || size > MAX_EXTENSION_SIZE || raw.size() > MAX_EXTENSION_SIZE) {
      throw TarHeader.malformed("extension header of %d bytes".formatted(size));
    }
    int whole = (int) size + TarHeader.padding(size);
    byte[] bytes = in.readNBytes(whole);
    offset += bytes.length;
    if (bytes.length < whole) {
      throw new EOFException("tar ends within an extension header, at " + offset);
    }
    raw.writeBytes(bytes);
    return Arrays.copyOf(bytes, (int) size);
  }

  private static byte[] untilNul(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return Arrays.copyOf(bytes, end);
  }

  private static TarEntry entry(
      byte[] block, String name, TarEntry.Type type, long size, Map<String, byte[]> records)
      throws MalformedLayerException {
    Map<String, byte[]> xattrs = new LinkedHashMap<>();
    for (Map.Entry<String, byte[]> record : records.entrySet()) {
      if (record.getKey().startsWith(PaxRecords.XATTR)) {
        xattrs.put(record.getKey().substring(PaxRecords.XATTR.length()), record.getValue());
      }
    }
    boolean device = type == TarEntry.Type.CHARACTER_DEVICE || type == TarEntry.Type.BLOCK_DEVICE;
    boolean link = type == TarEntry.Type.HARD_LINK || type == TarEntry.Type.SYMLINK;
    return new TarEntry(
        name,
        type,
        link ? text(block, TarHeader.LINK_NAME, records, PaxRecords.LINK_PATH) : "",
        (int) TarHeader.number(block, TarHeader.MODE) & 07777,
        number(block, TarHeader.UID, records, PaxRecords.UID),
        number(block, TarHeader.GID, records, PaxRecords.GID),
        owner(block, TarHeader.USER_NAME, records, PaxRecords.USER_NAME),
        owner(block, TarHeader.GROUP_NAME, records, PaxRecords.GROUP_NAME),
        mtime(block, records),
        size,
        device ? TarHeader.number(block, TarHeader.MAJOR) : 0,
        device ? TarHeader.number(block, TarHeader.MINOR) : 0,
        xattrs);
  }

  private static TarEntry.Type type(byte[] block, String name) throws MalformedLayerException {
    return switch (block[TarHeader.TYPE]) {
      // Before ustar a directory was a file whose name ends in a slash.
      case 0, '0', '7', 'S' -> name.endsWith("/") ? TarEntry.Type.DIRECTORY : TarEntry.Type.FILE;
      case '1' -> TarEntry.Type.HARD_LINK;
      case '2' -> TarEntry.Type.SYMLINK;
      case '3' -> TarEntry.Type.CHARACTER_DEVICE;
      case '4' -> TarEntry.Type.BLOCK_DEVICE;
      case '5' -> TarEntry.Type.DIRECTORY;
      case '6' -> TarEntry.Type.FIFO;
      default ->
          throw TarHeader.malformed(
              "%s is of unknown type 0x%02x".formatted(printable(name), block[TarHeader.TYPE]));
    };
  }

  private static String name(byte[] block, Map<String, byte[]> records)
      throws MalformedLayerException {
    String name = text(block, TarHeader.NAME, records, PaxRecords.PATH);
    byte[] prefix = TarHeader.text(block, TarHeader.PREFIX);
    boolean ustar =
        new String(block, TarHeader.MAGIC.offset(), TarHeader.MAGIC.length(), ISO_8859_1)
            .equals(TarHeader.USTAR);
    if (!ustar || prefix.length == 0 || value(records, PaxRecords.PATH).isPresent()) {
      return name;
    }
    return decode(prefix) + "/" + name;
  }

  private static String text(
      byte[] block, TarHeader.Field field, Map<String, byte[]> records, String key)
      throws MalformedLayerException {
    Optional<byte[]> record = value(records, key);
    return decode(record.isPresent() ? record.get() : TarHeader.text(block, field));
  }

  /// Names of owners are of no use here but must not stand in the way.
  private static String owner(
      byte[] block, TarHeader.Field field, Map<String, byte[]> records, String key) {
    boolean ustar = new String(block, TarHeader.MAGIC.offset(), 5, ISO_8859_1).equals("ustar");
    byte[] inBlock = ustar ? TarHeader.text(block, field) : new byte[0];
    return new String(value(records, key).orElse(inBlock), UTF_8);
  }

  private static long number(
      byte[] block, TarHeader.Field field, Map<String, byte[]> records, String key)
      throws MalformedLayerException {
    Optional<byte[]> record = value(records, key);
    return record.isPresent() ? PaxRecords.number(record.get()) : TarHeader.number(block, field);
  }

  private static Instant mtime(byte[] block, Map<String, byte[]> records)
      throws MalformedLayerException {
    Optional<byte[]> record = value(records, PaxRecords.MTIME);
    return record.isPresent()
        ? PaxRecords.time(record.get())
        : TarHeader.time(TarHeader.number(block, TarHeader.MTIME), 0);
  }

  /// A record without a value takes an earlier one of its key back.
  private static Optional<byte[]> value(Map<String, byte[]> records, String key) {
    return Optional.ofNullable(records.get(key)).filter(v -> v.length > 0);
  }

  private static String decode(byte[] bytes) throws MalformedLayerException {
    try {
      String text = UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
      if (text.indexOf('\0') >= 0) {
        throw TarHeader.malformed("name %s holds NUL".formatted(printable(text)));
      }
      return text;
    } catch (CharacterCodingException _) {
      String shown = printable(new String(bytes, ISO_8859_1));
      throw TarHeader.malformed("name %s is no UTF-8: not supported".formatted(shown));
    }
  }

  private static String printable(String name) {
    String cut = name.length() > 200 ? name.substring(0, 200) + "…" : name;
    return "'" + cut.replaceAll("\\p{Cntrl}", "?") + "'";
  }

  private void skip(long length) throws IOException {
    try {
      in.skipNBytes(length);
    } catch (EOFException _) {
      throw new EOFException("tar ends within the content at " + contentOffset);
    }
    offset += length;
  }

  /// The rest of one entry's content; ends when the reader has gone on.
  private final class Content extends InputStream {
    private final long of;

    private Content(long of) {
      this.of = of;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int at, int length) throws IOException {
      if (of != contentOffset || contentRest == 0) {
        return -1;
      }
      int n = in.read(target, at, (int) Math.min(length, contentRest));
      if (n < 0) {
        throw new EOFException("tar ends within the content at " + of);
      }
      contentRest -= n;
      offset += n;
      return n;
    }
  }
}
