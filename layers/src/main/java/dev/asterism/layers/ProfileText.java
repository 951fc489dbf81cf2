package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.CRC32C;

/// A [Profile] as text: a line for each fact, the last one a checksum of those before it.
///
/// ```
/// asterism-profile 1
/// image registry.example/app:1
/// recorded 2026-01-02T03:04:05Z
/// bytes 12345
/// layer sha256:…
/// file MILLIS LAYER sha256:… SIZE START-END,START-END PATH
/// sum CRC-32C of all lines before, 8 hex digits
/// ```
///
/// In a path, `\` is written `\\` and a line's end `\n`. Stateless.
final class ProfileText {
  /// Longest text that is read, in bytes.
  static final int MAX_BYTES = 4 << 20; // 4 MiB

  private static final String VERSION = "asterism-profile 1";
  private static final int MAX_LINE = 16 << 10; // characters

  private ProfileText() {}

  /// Returns the text.
  static String write(Profile profile) {
    StringBuilder text = new StringBuilder();
    line(text, VERSION);
    line(text, "image " + profile.image());
    line(text, "recorded " + profile.recorded());
    line(text, "bytes " + profile.bytes());
    profile.layers().forEach(layer -> line(text, "layer " + layer));
    for (Profile.File file : profile.files()) {
      String ranges =
          file.ranges().stream()
              .map(range -> range.start() + "-" + range.end())
              .collect(Collectors.joining(","));
      line(
          text,
          "file %d %d %s %d %s %s"
              .formatted(
                  file.millis(),
                  file.layer(),
                  file.content(),
                  file.size(),
                  ranges,
                  escape(file.path())));
    }
    line(text, "sum " + sum(text));
    return text.toString();
  }

  private static void line(StringBuilder text, String line) {
    text.append(line).append('\n');
  }

  private static String sum(CharSequence text) {
    CRC32C crc = new CRC32C();
    crc.update(text.toString().getBytes(StandardCharsets.UTF_8));
    return "%08x".formatted(crc.getValue());
  }

  private static String escape(String path) {
    return path.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r");
  }

  private static String unescape(String text) {
    StringBuilder path = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '\\' && i + 1 < text.length()) {
        i++;
        path.append(
            switch (text.charAt(i)) {
              case 'n' -> '\n';
              case 'r' -> '\r';
              default -> text.charAt(i);
            });
      } else {
        path.append(c);
      }
    }
    return path.toString();
  }

  /// Reads a text.
  ///
  /// @throws IOException if it is not a whole profile of this version, with what is wrong
  static Profile read(String text) throws IOException {
    int end = text.lastIndexOf("sum ");
    if (end < 0 || !text.substring(end).equals("sum " + sum(text.substring(0, end)) + "\n")) {
      throw new IOException("not a whole profile: its checksum is wrong or missing");
    }
    try {
      return parse(text.substring(0, end).lines().iterator());
    } catch (IllegalArgumentException | java.time.DateTimeException e) {
      throw new IOException("not a profile: " + e.getMessage(), e);
    }
  }

  private static Profile parse(Iterator<String> lines) {
    expect(lines, VERSION);
    String image = expect(lines, "image ");
    Instant recorded = Instant.parse(expect(lines, "recorded "));
    long bytes = number(expect(lines, "bytes "));
    List<Digest> layers = new ArrayList<>();
    List<Profile.File> files = new ArrayList<>();
    while (lines.hasNext()) {
      String line = lines.next();
      if (line.length() > MAX_LINE || files.size() > Profile.MAX_FILES) {
        throw new IllegalArgumentException("a line or a list is too long");
      }
      if (line.startsWith("layer ")) {
        layers.add(Digest.parse(line.substring("layer ".length())));
      } else if (line.startsWith("file ")) {
        files.add(file(line.substring("file ".length()), layers.size()));
      } else {
        throw new IllegalArgumentException("unknown line: " + line);
      }
    }
    return new Profile(image, recorded, bytes, layers, files);
  }

  private static String expect(Iterator<String> lines, String prefix) {
    String line = lines.hasNext() ? lines.next() : "";
    if (!line.startsWith(prefix) || line.length() > MAX_LINE) {
      throw new IllegalArgumentException("'%s…' expected, not '%s'".formatted(prefix, line));
    }
    return line.substring(prefix.length());
  }

  private static Profile.File file(String text, int layers) {
    String[] words = text.split(" ", 6);
    if (words.length != 6 || number(words[1]) >= layers) {
      throw new IllegalArgumentException("not a file's line: " + text);
    }
    long size = number(words[3]);
    List<ByteRange> ranges = new ArrayList<>();
    for (String range : words[4].split(",", Profile.MAX_RANGES + 1)) {
      int dash = range.indexOf('-');
      ByteRange parsed =
          new ByteRange(
              number(range.substring(0, Math.max(dash, 0))), number(range.substring(dash + 1)));
      if (parsed.end() > size || parsed.length() == 0) {
        throw new IllegalArgumentException("not a range of %d bytes: %s".formatted(size, range));
      }
      ranges.add(parsed);
    }
    return new Profile.File(
        number(words[0]),
        (int) number(words[1]),
        Digest.parse(words[2]),
        size,
        ranges,
        unescape(words[5]));
  }

  private static long number(String text) {
    if (!text.matches("[0-9]{1,18}")) {
      throw new IllegalArgumentException("not a number: '%s'".formatted(text));
    }
    return Long.parseLong(text);
  }
}
