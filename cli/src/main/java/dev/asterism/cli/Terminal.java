package dev.asterism.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Help.Ansi;

/// What somebody who reads along can be shown.
public final class Terminal {
  private Terminal() {}

  /// Tells whether standard output is a terminal.
  public static boolean showsOutput() {
    return isTerminal(1);
  }

  /// Tells whether standard error is a terminal.
  public static boolean showsErrors() {
    return isTerminal(2);
  }

  /// Tells whether standard input and output both are.
  static boolean isWhole() {
    return isTerminal(0) && isTerminal(1);
  }

  /// Returns colours for standard output; none where nobody looks, or `NO_COLOR` is set
  /// (no-color.org).
  public static Ansi colours() {
    String noColor = System.getenv().getOrDefault("NO_COLOR", "");
    return noColor.isEmpty() && showsOutput() ? Ansi.ON : Ansi.OFF;
  }

  private static boolean isTerminal(int descriptor) {
    try {
      Path target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + descriptor));
      return target.startsWith("/dev/pts")
          || target.startsWith("/dev/console")
          || target.toString().startsWith("/dev/tty");
    } catch (IOException _) {
      return false;
    }
  }
}
