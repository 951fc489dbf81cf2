package dev.asterism.testkit.tree;

import dev.asterism.testkit.process.Command;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// Lists one tree by what GNU find, stat, sha256sum and getfattr print about it.
///
/// Names are split at NUL only. getfattr prints lines, and escapes what could end them.
final class TreeReader {
  private static final String ENTRY = "%P\\0%y\\0%m\\0%U:%G\\0%T@\\0%n\\0%s\\0%l\\0%D:%i\\0";
  private static final int FIELDS = 9;
  private static final int HASH = 64; // hex digits
  private static final String HERE = "./"; // what find puts before every name
  private static final String HEADER = "# file: "; // what getfattr puts before every name

  private final Path root;

  TreeReader(Path root) {
    this.root = root;
  }

  SortedMap<String, TreeEntry> read(TreeListing.Depth depth)
      throws IOException, InterruptedException {
    List<String> words = words(find("-printf", ENTRY));
    Map<String, String> devices = devices();
    Map<String, String> hashes =
        switch (depth) {
          case METADATA -> Map.of();
          case CONTENT -> hashes();
        };
    Map<String, SortedMap<String, String>> xattrs = xattrs();
    Map<String, String> firstLinks = firstLinks(words);
    SortedMap<String, TreeEntry> entries = new TreeMap<>();
    for (int i = 0; i + FIELDS <= words.size(); i += FIELDS) {
      String name = words.get(i);
      boolean directory = words.get(i + 1).equals("d");
      entries.put(
          name,
          new TreeEntry(
              words.get(i + 1).charAt(0),
              words.get(i + 2),
              words.get(i + 3),
              time(words.get(i + 4)),
              directory ? 0 : Long.parseLong(words.get(i + 5)),
              directory ? name : firstLinks.getOrDefault(words.get(i + 8), name),
              directory ? 0 : Long.parseLong(words.get(i + 6)),
              words.get(i + 7),
              devices.getOrDefault(name, ""),
              hashes.getOrDefault(name, ""),
              xattrs.getOrDefault(name, new TreeMap<>())));
    }
    return entries;
  }

  private Map<String, String> devices() throws IOException, InterruptedException {
    List<String> words =
        words(find("-type", "c,b", "-exec", "stat", "--printf", "%n\\0%t:%T\\0", "{}", "+"));
    Map<String, String> devices = new HashMap<>();
    for (int i = 0; i + 2 <= words.size(); i += 2) {
      devices.put(relative(words.get(i)), words.get(i + 1));
    }
    return devices;
  }

  private Map<String, String> hashes() throws IOException, InterruptedException {
    Map<String, String> hashes = new HashMap<>();
    for (String line : words(find("-type", "f", "-exec", "sha256sum", "--zero", "{}", "+"))) {
      // 64 digits, two spaces, the name
      hashes.put(relative(line.substring(HASH + 2)), line.substring(0, HASH));
    }
    return hashes;
  }

  private Map<String, SortedMap<String, String>> xattrs() throws IOException, InterruptedException {
    String text = find("-exec", "getfattr", "-h", "-d", "-m", "-", "-e", "hex", "{}", "+");
    Map<String, SortedMap<String, String>> all = new HashMap<>();
    SortedMap<String, String> current = new TreeMap<>();
    for (String line : text.lines().toList()) {
      int equals = line.indexOf('=');
      if (line.startsWith(HEADER)) {
        current = new TreeMap<>();
        all.put(relative(unescape(line.substring(HEADER.length()))), current);
      } else if (equals > 0) {
        current.put(unescape(line.substring(0, equals)), line.substring(equals + 1));
      } else if (!line.isEmpty()) {
        current.put(unescape(line), ""); // an attribute without a value
      }
    }
    return all;
  }

  /// Finds for each inode the least of its names.
  private static Map<String, String> firstLinks(List<String> words) {
    Map<String, String> names = new HashMap<>();
    for (int i = 0; i + FIELDS <= words.size(); i += FIELDS) {
      names.merge(words.get(i + 8), words.get(i), (a, b) -> a.compareTo(b) < 0 ? a : b);
    }
    return names;
  }

  private String find(String... expression) throws IOException, InterruptedException {
    byte[] out = Command.of("find", ".", "-xdev").with(expression).in(root).runOrThrow().out();
    return new String(out, StandardCharsets.ISO_8859_1);
  }

  private static List<String> words(String text) {
    List<String> words = new ArrayList<>();
    int start = 0;
    for (int end = text.indexOf('\0'); end >= 0; end = text.indexOf('\0', start)) {
      words.add(text.substring(start, end));
      start = end + 1;
    }
    return words;
  }

  private static String relative(String name) {
    return name.startsWith(HERE) ? name.substring(HERE.length()) : name.equals(".") ? "" : name;
  }

  /// Brings find's ten decimals to nine.
  private static String time(String text) {
    int point = text.indexOf('.');
    return point < 0 ? text + ".000000000" : text.substring(0, Math.min(text.length(), point + 10));
  }

  /// Turns `\ooo` back into the byte that it stands for.
  private static String unescape(String text) {
    if (text.indexOf('\\') < 0) {
      return text;
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(text.length());
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) == '\\' && i + 3 < text.length()) {
        bytes.write(Integer.parseInt(text, i + 1, i + 4, 8));
        i += 3;
      } else {
        bytes.write(text.charAt(i));
      }
    }
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }
}
