package dev.asterism.cache.index;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;

/// Reads a journal, line by line: what is whole is taken, whatever stands around it.
///
/// Memory does not follow the file: a line is at most as long as the longest that is ever written.
final class JournalReader {
  private static final int LONGEST = 512;
  private static final int BUFFER = 1 << 16;

  /// More lines than that which are none, and the file is not ours.
  private static final int MOST_TORN = 1000;

  private final Restoring into;
  private final byte[] line = new byte[LONGEST];
  private int length;
  private long torn;
  private long version = JournalWriter.VERSION;

  private JournalReader(Restoring into) {
    this.into = into;
  }

  /// What was found. Immutable.
  ///
  /// @param torn lines that are not whole
  /// @param version of the format; nothing was taken if it is another
  record Found(long torn, long version) {}

  static Found read(Path path, Restoring into) throws IOException {
    JournalReader reader = new JournalReader(into);
    try (InputStream in = Files.newInputStream(path)) {
      reader.read(in);
    }
    return new Found(reader.torn, reader.version);
  }

  private void read(InputStream in) throws IOException {
    byte[] buffer = new byte[BUFFER];
    for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
      for (int i = 0; i < count; i++) {
        if (buffer[i] == '\n') {
          take();
          length = 0;
        } else if (length < LONGEST) {
          line[length++] = buffer[i];
        }
        if (torn > MOST_TORN || version != JournalWriter.VERSION) {
          return;
        }
      }
    }
    torn += length > 0 ? 1 : 0; // without its end, whatever it says
  }

  private void take() {
    if (!isWhole()) {
      torn++;
      return;
    }
    try (JsonParser parser = Restoring.parser(line, 0, length)) {
      parser.nextToken(); // the object
      parser.nextName(); // the checksum
      parser.nextToken();
      String what = parser.nextName();
      if (what != null && what.equals("journal")) {
        version = parser.nextToken() == JsonToken.VALUE_NUMBER_INT ? parser.getLongValue() : 0;
      } else if (what != null) {
        into.change(what, parser);
      }
    } catch (JacksonException _) {
      torn++;
    }
  }

  private boolean isWhole() {
    int digits = JournalWriter.CRC.length();
    if (length >= LONGEST || length <= JournalWriter.CRC_END) {
      return false;
    }
    String start = new String(line, 0, digits + 8, StandardCharsets.ISO_8859_1);
    int crc =
        JournalWriter.crc(
            ByteBuffer.wrap(line, JournalWriter.CRC_END, length - JournalWriter.CRC_END));
    return start.equals(JournalWriter.CRC + HexFormat.of().toHexDigits(crc));
  }
}
