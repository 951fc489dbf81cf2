package dev.asterism.cli.config;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Finds what somebody may have meant who wrote a key that is none.
final class NearestKey {
  private static final int MAX_DISTANCE = 3; // edits: more is another word

  private NearestKey() {}

  /// Returns the key with the fewest edits; empty where none is near.
  static Optional<Key> to(List<String> path) {
    String written = String.join(".", path);
    return Arrays.stream(Key.values())
        .min(Comparator.comparingInt(key -> distance(key, written)))
        .filter(key -> distance(key, written) <= MAX_DISTANCE);
  }

  /// Edits between the two, or between the names alone where the table is another.
  private static int distance(Key key, String written) {
    int whole = edits(key.path(), written);
    int names = edits(key.lastName(), written.substring(written.lastIndexOf('.') + 1));
    return Math.min(whole, names + 1);
  }

  /// Levenshtein's distance, one row at a time.
  private static int edits(String a, String b) {
    int[] row = IntStream.rangeClosed(0, b.length()).toArray();
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
