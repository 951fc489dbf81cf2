package dev.asterism.cli;

/// What the command tells its caller when it ends. One that a signal ended says so as a shell does,
/// by 128 and the signal's number.
public final class ExitCode {
  /// It did what it was asked.
  public static final int OK = 0;

  /// It could not; standard error says why.
  public static final int FAILURE = 1;

  /// It was asked for something that does not exist; nothing was done.
  public static final int USAGE = 2;

  private ExitCode() {}
}
