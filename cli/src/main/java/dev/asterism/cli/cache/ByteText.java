package dev.asterism.cli.cache;

import java.util.Locale;

/// Numbers of bytes and of files, and shares, for people.
public final class ByteText {
  private static final String[] UNITS = {"kB", "MB", "GB", "TB", "PB", "EB"};

  private ByteText() {}

  /// Returns bytes in the decimal unit that leaves one to three digits before the point: `0 B`,
  /// `4.1 kB`, `427.9 MB`, `1.02 GB`.
  public static String of(long bytes) {
    if (Math.abs(bytes) < 1000) {
      return bytes + " B";
    }
    double value = bytes / 1e3;
    int unit = 0;
    while (Math.abs(value) >= 999.95 && unit < UNITS.length - 1) {
      value /= 1e3;
      unit++;
    }
    return String.format(Locale.ROOT, unit < 2 ? "%.1f %s" : "%.2f %s", value, UNITS[unit]);
  }

  /// Returns a count with its thousands apart.
  static String count(long number) {
    return String.format(Locale.ROOT, "%,d", number);
  }

  /// Returns a part in per cent of a whole; of nothing it is none.
  static String percent(long part, long whole) {
    return whole == 0 ? "0 %" : String.format(Locale.ROOT, "%.0f %%", 100.0 * part / whole);
  }
}
