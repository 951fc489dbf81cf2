package dev.asterism.erofs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// All that a child process sees of a mounted tree, by path.
final class Listing {
  private static final String FORMAT = "%P\\0%y\\0%m\\0%U\\0%G\\0%T@\\0%n\\0%s\\0%l\\0";
  private static final int FIELDS = 9;

  private final Map<String, Map<String, String>> files = new TreeMap<>();

  /// Lists the directory, its files' contents included if `contents`.
  static Listing of(Path directory, boolean contents) {
    Listing listing = new Listing();
    listing.addFiles(list(directory, "find", ".", "-printf", FORMAT));
    listing.addDevices(
        list(
            directory,
            "find",
            ".",
            "-type",
            "b,c",
            "-exec",
            "stat",
            "--printf",
            "%n\\0%t,%T\\0",
            "{}",
            "+"));
    listing.addXattrs(
        list(directory, "getfattr", "-R", "-P", "-h", "-d", "-m", "-", "-e", "hex", "."));
    if (contents) {
      listing.addContents(
          list(directory, "find", ".", "-type", "f", "-exec", "sha256sum", "-z", "{}", "+"));
    }
    return listing;
  }

  /// Returns attributes by path; the root, and what differs between file systems of the same tree
  /// (sizes of directories), are left out.
  Map<String, Map<String, String>> files() {
    return files;
  }

  /// Takes out the link counts of directories where `other` has 1: overlayfs says that of every
  /// merged directory.
  void forgetMergedLinkCounts(Listing other) {
    files.forEach((path, attributes) -> {
      Map<String, String> theirs = other.files.getOrDefault(path, Map.of());
      if ("d".equals(attributes.get("type")) && "1".equals(theirs.get("links"))) {
        attributes.put("links", "1");
      }
    });
  }

  /// Takes out what we tell overlayfs, which a direct mount shows.
  void forgetOverlayXattrs() {
    files
        .values()
        .forEach(attributes ->
            attributes.computeIfPresent(
                "xattrs",
                (_, xattrs) -> {
                  String own =
                      Arrays.stream(xattrs.split(" ", -1))
                          .filter(xattr -> !xattr.startsWith("trusted.overlay."))
                          .collect(Collectors.joining(" "));
                  return own.isEmpty() ? null : own;
                }));
  }

  /// Returns a line for each path where this and `other` differ.
  List<String> differences(Listing other) {
    TreeSet<String> paths = new TreeSet<>(files.keySet());
    paths.addAll(other.files.keySet());
    return paths.stream()
        .filter(path -> !Objects.equals(files.get(path), other.files.get(path)))
        .map(path -> "%s: %s, other %s".formatted(path, files.get(path), other.files.get(path)))
        .toList();
  }

  /// Runs a command in a tree. Where overlayfs shows a directory of one layer alone, it lists the
  /// whiteouts in it too, as names that no file has: those are passed over.
  private static String list(Path directory, String... command) {
    Shell.Outcome outcome = Shell.attempt(directory, command);
    String[] unexpected =
        outcome
            .errors()
            .lines()
            .filter(line -> !line.endsWith(": No such file or directory"))
            .toArray(String[]::new);
    assertThat(unexpected).isEmpty();
    return outcome.output();
  }

  private void addFiles(String output) {
    String[] fields = output.split("\0", -1);
    for (int i = 0; i + FIELDS <= fields.length; i += FIELDS) {
      if (fields[i].isEmpty()) {
        continue;
      }
      boolean directory = fields[i + 1].equals("d");
      Map<String, String> attributes = new TreeMap<>();
      attributes.put("type", fields[i + 1]);
      attributes.put("mode", fields[i + 2]);
      attributes.put("owner", fields[i + 3] + ":" + fields[i + 4]);
      attributes.put("mtime", fields[i + 5]);
      attributes.put("links", fields[i + 6]);
      attributes.put("size", directory ? "-" : fields[i + 7]);
      attributes.put("target", fields[i + 8]);
      files.put(fields[i], attributes);
    }
  }

  private void addDevices(String output) {
    String[] fields = output.split("\0", -1);
    for (int i = 0; i + 2 <= fields.length; i += 2) {
      attributes(fields[i].substring(2)).put("device", fields[i + 1]);
    }
  }

  private void addXattrs(String output) {
    for (String block : output.split("\n\n", -1)) {
      List<String> lines = new ArrayList<>(List.of(block.split("\n", -1)));
      String path = unescape(lines.removeFirst().replaceFirst("^# file: ", ""));
      lines.removeIf(String::isEmpty);
      if (files.containsKey(path)) {
        lines.sort(null);
        attributes(path).put("xattrs", String.join(" ", lines));
      }
    }
  }

  private void addContents(String output) {
    for (String line : output.split("\0", -1)) {
      if (!line.isEmpty()) {
        attributes(line.substring(64 + 2 + 2)).put("content", line.substring(0, 64));
      }
    }
  }

  private Map<String, String> attributes(String path) {
    return files.computeIfAbsent(path, _ -> new TreeMap<>());
  }

  /// getfattr writes unusual bytes of a name as `\ooo`.
  private static String unescape(String name) {
    StringBuilder plain = new StringBuilder();
    for (int i = 0; i < name.length(); i++) {
      if (name.charAt(i) == '\\') {
        plain.append((char) Integer.parseInt(name.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        plain.append(name.charAt(i));
      }
    }
    return plain.toString();
  }
}
