package dev.asterism.cache;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// An amount of disk space as an operator writes it. Immutable.
public sealed interface Limit {
  /// No limit was set.
  record Unset() implements Limit {}

  /// So many bytes.
  record Bytes(long count) implements Limit {
    /// @throws IllegalArgumentException if it is negative
    public Bytes {
      if (count < 0) {
        throw new IllegalArgumentException("not a size: " + count);
      }
    }
  }

  /// A part of the file system that the cache lies on.
  record Percent(double ofFileSystem) implements Limit {
    /// @throws IllegalArgumentException if it is not 0 to 100
    public Percent {
      if (!(ofFileSystem >= 0 && ofFileSystem <= 100)) {
        throw new IllegalArgumentException("not a percentage: " + ofFileSystem);
      }
    }
  }

  /// Reads `10GiB`, `500MB`, `1.5T`, `12%`, `1048576` or `0`. `K`, `M`, `G`, `T` alone and with
  /// `iB` are powers of 1024, with `B` of 1000. The empty text is no limit.
  ///
  /// @return empty if it is none of these
  static Optional<Limit> parse(String text) {
    if (text.isBlank()) {
      return Optional.of(new Unset());
    }
    Matcher matcher = Syntax.TEXT.matcher(text.strip().toLowerCase(Locale.ROOT));
    if (!matcher.matches()) {
      return Optional.empty();
    }
    double number = Double.parseDouble(matcher.group(1));
    String unit = matcher.group(2);
    if (unit.equals("%")) {
      return number <= 100 ? Optional.of(new Percent(number)) : Optional.empty();
    }
    double bytes = number * Syntax.UNITS.getOrDefault(unit, 1L);
    return bytes < Long.MAX_VALUE ? Optional.of(new Bytes((long) bytes)) : Optional.empty();
  }

  /// Returns it in bytes, for a file system of `total` bytes; empty if no limit is set.
  default OptionalLong bytes(long total) {
    return switch (this) {
      case Unset() -> OptionalLong.empty();
      case Bytes(long count) -> OptionalLong.of(count);
      case Percent(double part) -> OptionalLong.of((long) (total * (part / 100)));
    };
  }

  /// How a limit is written.
  final class Syntax {
    private static final Pattern TEXT =
        Pattern.compile("([0-9]{1,18}(?:\\.[0-9]{1,9})?)\\s*(%|b|[kmgt](?:i?b)?|)");
    private static final Map<String, Long> UNITS =
        Map.ofEntries(
            Map.entry("k", 1L << 10),
            Map.entry("kib", 1L << 10),
            Map.entry("kb", 1_000L),
            Map.entry("m", 1L << 20),
            Map.entry("mib", 1L << 20),
            Map.entry("mb", 1_000_000L),
            Map.entry("g", 1L << 30),
            Map.entry("gib", 1L << 30),
            Map.entry("gb", 1_000_000_000L),
            Map.entry("t", 1L << 40),
            Map.entry("tib", 1L << 40),
            Map.entry("tb", 1_000_000_000_000L));

    private Syntax() {}
  }
}
