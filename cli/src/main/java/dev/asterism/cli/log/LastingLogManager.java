package dev.asterism.cli.log;

import java.util.logging.LogManager;

/// A log manager that the end of the process does not reset: shutdown is when logs matter most.
public final class LastingLogManager extends LogManager {
  /// For the platform, which finds this by its name.
  public LastingLogManager() {}

  /// Does nothing: the platform calls it from a shutdown hook that runs beside ours.
  @Override
  public void reset() {}
}
