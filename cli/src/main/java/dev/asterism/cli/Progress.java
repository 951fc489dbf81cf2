package dev.asterism.cli;

import java.io.PrintStream;

/// What is going on, on standard error: one line that changes on a terminal, plain lines elsewhere.
/// Thread-safe.
public final class Progress {
  private static final String CLEAR = "\r\u001b[K"; // to the line's start, erase to its end

  private final PrintStream out;
  private final boolean live;

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
      out.print(CLEAR + what + " …");
    } else {
      out.println(what);
    }
    out.flush();
  }

  /// Says how far something is that takes a moment: only on a terminal, nobody wants it in a log.
  public synchronized void passing(String what) {
    if (live) {
      out.print(CLEAR + what);
      out.flush();
    }
  }

  /// Takes away the line that changes.
  public synchronized void done() {
    if (live) {
      out.print(CLEAR);
      out.flush();
    }
  }
}
