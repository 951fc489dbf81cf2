package dev.asterism.estargz;

import dev.asterism.content.MalformedLayerException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/// The rules for names in a layer.
final class EntryNames {
  private static final int QUOTED_LENGTH = 200;

  private EntryNames() {}

  /// Returns `raw` relative to the root, without empty, `.` and `..` components; `..` at the root
  /// stays there. The root is the empty name.
  ///
  /// @throws MalformedLayerException if it holds NUL, is no Unicode text, or is too long
  static String clean(String raw, TocLimits limits) throws MalformedLayerException {
    checkText(raw, limits.nameSize(), "name");
    if (isClean(raw)) {
      checkComponents(raw, limits);
      return raw;
    }
    Deque<String> path = new ArrayDeque<>();
    for (String component : raw.split("/", -1)) {
      switch (component) {
        case "", "." -> {}
        case ".." -> path.pollLast();
        default -> path.addLast(component);
      }
    }
    String name = String.join("/", path);
    checkComponents(name, limits);
    return name;
  }

  /// Checks that a name leads nowhere above the root it is relative to, at none of its components.
  ///
  /// @param what it is, for the message
  /// @return how the name is read, if that is something else than it seems to say: it is absolute,
  ///   or holds `..`
  /// @throws MalformedLayerException if it leads there
  static Optional<String> checkBelowRoot(String raw, String what) throws MalformedLayerException {
    if (!raw.startsWith("/") && !raw.contains("..")) {
      return Optional.empty();
    }
    int depth = 0;
    boolean up = false;
    for (String component : raw.split("/", -1)) {
      switch (component) {
        case "", "." -> {}
        case ".." -> {
          depth--;
          up = true;
        }
        default -> depth++;
      }
      if (depth < 0) {
        throw malformed(raw, what + " leads above the root");
      }
    }
    return raw.startsWith("/") || up
        ? Optional.of(quote(clean(raw, TocLimits.DEFAULT)))
        : Optional.empty();
  }

  /// Checks a text that ends up in a file system: no NUL, no lone surrogate, at most `maxSize`
  /// bytes of UTF-8.
  static void checkText(String text, int maxSize, String what) throws MalformedLayerException {
    if (text.length() > maxSize || text.indexOf('\0') >= 0) {
      throw malformed(text, what + " is too long or holds NUL");
    }
    long size = utf8Size(text, 0, text.length());
    if (size < 0 || size > maxSize) {
      throw malformed(text, what + " is too long or no Unicode text");
    }
  }

  /// Returns `text` for an error message: quoted, cut, without control characters.
  static String quote(String text) {
    String cut = text.length() > QUOTED_LENGTH ? text.substring(0, QUOTED_LENGTH) + "…" : text;
    StringBuilder quoted = new StringBuilder("'");
    cut.chars().forEach(c -> quoted.append(Character.isISOControl(c) ? '?' : (char) c));
    return quoted.append('\'').toString();
  }

  private static boolean isClean(String name) {
    int start = 0;
    while (start <= name.length()) {
      int slash = name.indexOf('/', start);
      int end = slash < 0 ? name.length() : slash;
      switch (name.substring(start, Math.min(end, start + 3))) {
        case "", ".", ".." -> {
          return false;
        }
        default -> start = end + 1;
      }
    }
    return true;
  }

  private static void checkComponents(String name, TocLimits limits)
      throws MalformedLayerException {
    int start = 0;
    while (start < name.length()) {
      int slash = name.indexOf('/', start);
      int end = slash < 0 ? name.length() : slash;
      if (utf8Size(name, start, end) > limits.componentSize()) {
        throw malformed(name, "a component of the name is too long");
      }
      start = end + 1;
    }
  }

  /// Returns bytes of UTF-8, or -1 for a lone surrogate.
  private static long utf8Size(String text, int start, int end) {
    long size = 0;
    for (int i = start; i < end; i++) {
      char c = text.charAt(i);
      if (c < 0x80) {
        size++;
      } else if (c < 0x800) {
        size += 2;
      } else if (!Character.isSurrogate(c)) {
        size += 3;
      } else if (Character.isHighSurrogate(c)
          && i + 1 < end
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        size += 4;
        i++;
      } else {
        return -1;
      }
    }
    return size;
  }

  private static MalformedLayerException malformed(String name, String what) {
    return new MalformedLayerException(
        MalformedLayerException.UNKNOWN_OFFSET, "entry %s: %s".formatted(quote(name), what));
  }
}
