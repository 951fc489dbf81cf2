package dev.asterism.cli;

import java.io.PrintStream;
import java.util.List;

/// What is going on, on standard error: lines that change on a terminal, plain lines elsewhere.
/// Thread-safe.
public final class Progress {
  private static final String ERASE = "\r\u001b[J"; // to the line's start, and all from there

  private final PrintStream out;
  private final boolean live;
  private int above; // lines that change, above the one with the cursor

  private Progress(PrintStream out, boolean live) {
    this.out = out;
    this.live = live;
  }

  /// Shows it to whoever looks at standard error.
  public static Progress onStandardError() {
    return new Progress(System.err, Terminal.showsErrors());
  }

  /// Shows it where a test looks.
  public static Progress on(PrintStream out, boolean live) {
    return new Progress(out, live);
  }

  /// Says what is being done now.
  public synchronized void step(String what) {
    if (live) {
      out.print(erase() + what + " …");
    } else {
      out.println(what);
    }
    out.flush();
  }

  /// Says how far something is that takes a moment: only on a terminal, nobody wants it in a log.
  public synchronized void passing(String what) {
    if (live) {
      out.print(erase() + what);
      out.flush();
    }
  }

  /// Says how far several things are that go on side by side: only on a terminal.
  ///
  /// @param lines one at least, none wider than a terminal
  public synchronized void passing(List<String> lines) {
    if (live) {
      out.print(erase() + String.join("\n", lines));
      above = lines.size() - 1;
      out.flush();
    }
  }

  /// Takes away the lines that change.
  public synchronized void done() {
    if (live) {
      out.print(erase());
      out.flush();
    }
  }

  private String erase() {
    String up = above == 0 ? "" : "\u001b[%dA".formatted(above);
    above = 0;
    return up + ERASE;
  }
}
