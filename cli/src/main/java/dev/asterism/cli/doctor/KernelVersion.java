package dev.asterism.cli.doctor;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A kernel's release, as far as features go by it. Immutable.
///
/// @param text as uname(2) tells it
/// @param major its first number; 0 if the text has none
/// @param minor its second number; 0 if the text has none
record KernelVersion(String text, int major, int minor) {
  private static final Pattern NUMBERS = Pattern.compile("(\\d{1,6})\\.(\\d{1,6}).*");

  /// Reads a release such as `6.18.3-cloud-amd64`.
  static KernelVersion parse(String text) {
    Matcher numbers = NUMBERS.matcher(text);
    return numbers.matches()
        ? new KernelVersion(
            text, Integer.parseInt(numbers.group(1)), Integer.parseInt(numbers.group(2)))
        : new KernelVersion(text, 0, 0);
  }

  /// Tells whether it is the given release or a later one.
  boolean atLeast(int wantedMajor, int wantedMinor) {
    return major > wantedMajor || (major == wantedMajor && minor >= wantedMinor);
  }
}
