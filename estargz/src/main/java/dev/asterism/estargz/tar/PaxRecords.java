package dev.asterism.estargz.tar;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.MalformedLayerException;
import java.io.ByteArrayOutputStream;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// The records of a PAX header: `length key=value\n`, values as bytes.
///
/// Keys are text; values need not be (xattrs are bytes). A later record of a key replaces an
/// earlier one.
final class PaxRecords {
  static final String PATH = "path";
  static final String LINK_PATH = "linkpath";
  static final String SIZE = "size";
  static final String UID = "uid";
  static final String GID = "gid";
  static final String USER_NAME = "uname";
  static final String GROUP_NAME = "gname";
  static final String MTIME = "mtime";
  static final String COMMENT = "comment";
  static final String SPARSE = "GNU.sparse.";

  /// Before an xattr's full name (star, GNU tar, Go's `archive/tar`).
  static final String XATTR = "SCHILY.xattr.";

  private static final int MAX_LENGTH_DIGITS = 9;
  private static final int MAX_FRACTION_DIGITS = 9;

  private PaxRecords() {}

  /// Reads all records of a header's content.
  static Map<String, byte[]> parse(byte[] content) throws MalformedLayerException {
    Map<String, byte[]> records = new LinkedHashMap<>();
    int at = 0;
    while (at < content.length && content[at] != 0) {
      int space = at;
      int length = 0;
      while (space < content.length && content[space] != ' ') {
        int digit = content[space] - '0';
        if (digit < 0 || digit > 9 || space - at == MAX_LENGTH_DIGITS) {
          throw bad();
        }
        length = length * 10 + digit;
        space++;
      }
      int end = at + length;
      int equals = space + 1;
      while (equals < content.length && content[equals] != '=') {
        equals++;
      }
      if (end > content.length || end <= equals + 1 || content[end - 1] != '\n') {
        throw bad();
      }
      String key = new String(content, space + 1, equals - space - 1, UTF_8);
      records.put(key, Arrays.copyOfRange(content, equals + 1, end - 1));
      at = end;
    }
    return records;
  }

  /// Appends a record.
  static void append(ByteArrayOutputStream records, String key, byte[] value) {
    byte[] name = key.getBytes(UTF_8);
    int rest = name.length + value.length + 3;
    int length = rest + Integer.toString(rest).length();
    length = rest + Integer.toString(length).length();
    records.writeBytes((length + " ").getBytes(UTF_8));
    records.writeBytes(name);
    records.write('=');
    records.writeBytes(value);
    records.write('\n');
  }

  /// Reads a decimal number.
  static long number(byte[] value) throws MalformedLayerException {
    try {
      return Long.parseLong(new String(value, UTF_8));
    } catch (NumberFormatException _) {
      throw bad();
    }
  }

  /// Reads a time: decimal seconds with or without a fraction, cut to nanoseconds.
  static Instant time(byte[] value) throws MalformedLayerException {
    String text = new String(value, UTF_8);
    int dot = text.indexOf('.');
    String whole = dot < 0 ? text : text.substring(0, dot);
    String fraction = dot < 0 ? "" : text.substring(dot + 1);
    if (!fraction.chars().allMatch(c -> c >= '0' && c <= '9')) {
      throw bad();
    }
    String nanos = (fraction + "0".repeat(MAX_FRACTION_DIGITS)).substring(0, MAX_FRACTION_DIGITS);
    try {
      long seconds = whole.isEmpty() || whole.equals("-") ? 0 : Long.parseLong(whole);
      long adjustment = Long.parseLong(nanos);
      return TarHeader.time(seconds, whole.startsWith("-") ? -adjustment : adjustment);
    } catch (NumberFormatException _) {
      throw bad();
    }
  }

  /// Returns the text of a time, the other way round.
  static String format(Instant time) {
    if (time.getNano() == 0) {
      return Long.toString(time.getEpochSecond());
    }
    boolean negative = time.getEpochSecond() < 0;
    long seconds = negative ? -(time.getEpochSecond() + 1) : time.getEpochSecond();
    int nanos = negative ? 1_000_000_000 - time.getNano() : time.getNano();
    String fraction = "%09d".formatted(nanos).replaceFirst("0+$", "");
    return (negative ? "-" : "") + seconds + "." + fraction;
  }

  private static MalformedLayerException bad() {
    return TarHeader.malformed("PAX record is malformed");
  }
}
