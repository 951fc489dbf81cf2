package dev.asterism.cli.cache;

import dev.asterism.cache.StoreProgress;
import dev.asterism.cli.Progress;

/// How far a long work is: a bar on a terminal, a line for each phase elsewhere. Confined to one
/// thread.
final class WorkProgress implements StoreProgress, AutoCloseable {
  private static final int BAR = 30; // characters

  private final Progress shown = Progress.onStandardError();
  private String phase = "";

  @Override
  public void at(String now, long done, long total) {
    if (!now.equals(phase)) {
      phase = now;
      shown.step(now);
    }
    shown.passing(total == 0 ? "%s %s".formatted(now, ByteText.count(done)) : bar(done, total));
  }

  private String bar(long done, long total) {
    int full = (int) (BAR * Math.min(done, total) / total);
    return "%s [%s%s] %s of %s"
        .formatted(
            phase,
            "#".repeat(full),
            ".".repeat(BAR - full),
            ByteText.count(done),
            ByteText.count(total));
  }

  @Override
  public void close() {
    shown.done();
  }
}
