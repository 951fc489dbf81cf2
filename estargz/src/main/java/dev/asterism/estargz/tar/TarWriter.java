package dev.asterism.estargz.tar;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;

/// Writes a tar archive: ustar, with a PAX header for what ustar can't say.
///
/// The same entries give the same bytes. Confined to one thread.
public final class TarWriter {
  private static final int MAX_NAME = 100;
  private static final int MAX_PREFIX = 155;
  private static final String PAX_NAME = "PaxHeaders.0/";

  private final OutputStream out;

  /// @param out gets the archive; never closed here
  public TarWriter(OutputStream out) {
    this.out = out;
  }

  /// Adds an entry with its content.
  ///
  /// @param content at least `entry.size()` bytes; the rest is not read
  public void add(TarEntry entry, InputStream content) throws IOException {
    out.write(header(entry));
    byte[] buffer = new byte[8 << 10]; // 8 KiB
    long rest = entry.size();
    while (rest > 0) {
      int n = content.read(buffer, 0, (int) Math.min(rest, buffer.length));
      if (n < 0) {
        throw new EOFException("content of %s ends early".formatted(entry.name()));
      }
      out.write(buffer, 0, n);
      rest -= n;
    }
    out.write(new byte[padding(entry.size())]);
  }

  /// Ends the archive.
  public void finish() throws IOException {
    out.write(end());
  }

  /// Returns the two zero blocks that end an archive.
  public static byte[] end() {
    return new byte[2 * TarHeader.BLOCK];
  }

  /// Returns how many zeros follow `size` bytes of content.
  public static int padding(long size) {
    return TarHeader.padding(size);
  }

  /// Returns an entry's header blocks.
  public static byte[] header(TarEntry entry) {
    ByteArrayOutputStream records = new ByteArrayOutputStream();
    byte[] block = block(entry, records);
    if (records.size() == 0) {
      return block;
    }
    byte[] extension = extension(entry.name(), records.size());
    ByteArrayOutputStream header = new ByteArrayOutputStream();
    header.writeBytes(extension);
    header.writeBytes(records.toByteArray());
    header.writeBytes(new byte[padding(records.size())]);
    header.writeBytes(block);
    return header.toByteArray();
  }

  private static byte[] block(TarEntry entry, ByteArrayOutputStream records) {
    byte[] block = empty(entry.type().flag());
    name(block, entry.name(), records);
    text(block, TarHeader.LINK_NAME, entry.linkName(), PaxRecords.LINK_PATH, records);
    text(block, TarHeader.USER_NAME, entry.userName(), PaxRecords.USER_NAME, records);
    text(block, TarHeader.GROUP_NAME, entry.groupName(), PaxRecords.GROUP_NAME, records);
    octal(block, TarHeader.MODE, entry.mode());
    number(block, TarHeader.UID, entry.uid(), PaxRecords.UID, records);
    number(block, TarHeader.GID, entry.gid(), PaxRecords.GID, records);
    number(block, TarHeader.SIZE, entry.size(), PaxRecords.SIZE, records);
    octal(block, TarHeader.MAJOR, entry.major());
    octal(block, TarHeader.MINOR, entry.minor());
    mtime(block, entry.mtime(), records);
    entry
        .xattrs()
        .forEach((key, value) -> PaxRecords.append(records, PaxRecords.XATTR + key, value));
    seal(block);
    return block;
  }

  private static void mtime(byte[] block, Instant time, ByteArrayOutputStream records) {
    long seconds = time.getEpochSecond();
    boolean fits = fits(TarHeader.MTIME, seconds);
    if (!fits || !time.equals(time.truncatedTo(ChronoUnit.SECONDS))) {
      record(records, PaxRecords.MTIME, PaxRecords.format(time));
    }
    octal(block, TarHeader.MTIME, fits ? seconds : 0);
  }

  private static byte[] extension(String name, int size) {
    byte[] block = empty('x');
    String shown = PAX_NAME + name.substring(name.lastIndexOf('/', name.length() - 2) + 1);
    byte[] bytes = shown.replaceAll("[^\\x20-\\x7e]", "_").getBytes(US_ASCII);
    put(block, TarHeader.NAME, Arrays.copyOf(bytes, Math.min(bytes.length, MAX_NAME)));
    octal(block, TarHeader.MODE, 0644);
    octal(block, TarHeader.UID, 0);
    octal(block, TarHeader.GID, 0);
    octal(block, TarHeader.SIZE, size);
    octal(block, TarHeader.MTIME, 0);
    seal(block);
    return block;
  }

  private static byte[] empty(char type) {
    byte[] block = new byte[TarHeader.BLOCK];
    block[TarHeader.TYPE] = (byte) type;
    put(block, TarHeader.MAGIC, TarHeader.USTAR.getBytes(US_ASCII));
    return block;
  }

  private static void seal(byte[] block) {
    byte[] digits = "%06o\0 ".formatted(TarHeader.checksum(block)).getBytes(US_ASCII);
    put(block, TarHeader.CHECKSUM, digits);
  }

  /// A name that is too long is split at a slash where that helps.
  private static void name(byte[] block, String name, ByteArrayOutputStream records) {
    byte[] bytes = name.getBytes(UTF_8);
    boolean ascii = bytes.length == name.length();
    int slash = name.lastIndexOf('/', Math.min(MAX_PREFIX, name.length() - 2));
    if (ascii && bytes.length <= MAX_NAME) {
      put(block, TarHeader.NAME, bytes);
    } else if (ascii && slash > 0 && bytes.length - slash - 1 <= MAX_NAME) {
      put(block, TarHeader.PREFIX, Arrays.copyOf(bytes, slash));
      put(block, TarHeader.NAME, Arrays.copyOfRange(bytes, slash + 1, bytes.length));
    } else {
      PaxRecords.append(records, PaxRecords.PATH, bytes);
      put(block, TarHeader.NAME, Arrays.copyOf(bytes, Math.min(bytes.length, MAX_NAME)));
    }
  }

  private static void text(
      byte[] block,
      TarHeader.Field field,
      String value,
      String key,
      ByteArrayOutputStream records) {
    byte[] bytes = value.getBytes(UTF_8);
    if (bytes.length > field.length() || bytes.length != value.length()) {
      PaxRecords.append(records, key, bytes);
    }
    put(block, field, Arrays.copyOf(bytes, Math.min(bytes.length, field.length())));
  }

  private static void number(
      byte[] block, TarHeader.Field field, long value, String key, ByteArrayOutputStream records) {
    boolean fits = fits(field, value);
    if (!fits) {
      record(records, key, Long.toString(value));
    }
    octal(block, field, fits ? value : 0);
  }

  private static boolean fits(TarHeader.Field field, long value) {
    return value >= 0 && value < 1L << (3 * (field.length() - 1));
  }

  private static void record(ByteArrayOutputStream records, String key, String value) {
    PaxRecords.append(records, key, value.getBytes(UTF_8));
  }

  private static void octal(byte[] block, TarHeader.Field field, long value) {
    String digits = Long.toOctalString(value);
    put(
        block,
        field,
        ("0".repeat(field.length() - 1 - digits.length()) + digits).getBytes(US_ASCII));
  }

  private static void put(byte[] block, TarHeader.Field field, byte[] bytes) {
    System.arraycopy(bytes, 0, block, field.offset(), bytes.length);
  }
}
