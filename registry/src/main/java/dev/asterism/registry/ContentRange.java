package dev.asterism.registry;

import dev.asterism.content.ByteRange;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The value of a `Content-Range` header (RFC 9110, section 14.4). Immutable.
///
/// @param range which bytes an answer holds; empty in an answer that holds none
/// @param size of the whole; empty if the server does not know it
record ContentRange(Optional<ByteRange> range, OptionalLong size) {
  private static final Pattern FORM =
      Pattern.compile("bytes\\s+(?:([0-9]{1,18})-([0-9]{1,18})|\\*)/([0-9]{1,18}|\\*)");

  /// Reads a header; empty if it is malformed or contradicts itself.
  static Optional<ContentRange> parse(String header) {
    Matcher matcher = FORM.matcher(header.strip());
    if (!matcher.matches()) {
      return Optional.empty();
    }
    OptionalLong size =
        matcher.group(3).equals("*")
            ? OptionalLong.empty()
            : OptionalLong.of(Long.parseLong(matcher.group(3)));
    if (matcher.group(1) == null) {
      return Optional.of(new ContentRange(Optional.empty(), size));
    }
    long first = Long.parseLong(matcher.group(1));
    long last = Long.parseLong(matcher.group(2));
    if (last < first || last >= size.orElse(Long.MAX_VALUE)) {
      return Optional.empty();
    }
    return Optional.of(new ContentRange(Optional.of(new ByteRange(first, last + 1)), size));
  }
}
