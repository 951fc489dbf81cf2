package dev.asterism.cli;

import dev.asterism.images.TransferListener;
import dev.asterism.registry.Descriptor;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Shows how a transfer gets on: on a terminal all blobs under way in one line that changes, and a
/// line on standard output for each that is done; or JSON, one object a line. Thread-safe.
final class TransferReport implements TransferListener {
  private static final long PAUSE = 100_000_000; // nanoseconds between two looks of the line

  private final Progress progress;
  private final PrintWriter out;
  private final boolean json;
  private final boolean live;
  private final Map<Descriptor, String> underWay = new LinkedHashMap<>();
  private long shown;

  /// @param json whether standard output is for programs
  TransferReport(Progress progress, PrintWriter out, boolean json, boolean live) {
    this.progress = progress;
    this.out = out;
    this.json = json;
    this.live = live;
  }

  @Override
  public synchronized void progressed(Descriptor blob, Step step, long bytes) {
    long now = System.nanoTime();
    if (!live || now - shown < PAUSE) {
      return;
    }
    shown = now;
    String verb = step == Step.CONVERT ? "converting" : "writing";
    long percent = blob.size() == 0 ? 100 : Math.min(100, bytes * 100 / blob.size());
    String name = blob.digest().hex().substring(0, 12);
    underWay.put(
        blob,
        step == Step.CONVERT
            ? "%s %s %d %%".formatted(verb, name, percent)
            : "%s %s %s".formatted(verb, name, size(bytes)));
    progress.step(underWay.values().stream().collect(Collectors.joining(", ")));
  }

  @Override
  public synchronized void finished(Descriptor from, Descriptor to, Outcome outcome) {
    underWay.remove(from);
    progress.done();
    String word = outcome.name().toLowerCase(Locale.ROOT);
    if (json) {
      out.println(
          "{\"event\":\"%s\",\"from\":\"%s\",\"fromSize\":%d,\"to\":\"%s\",\"toSize\":%d}"
              .formatted(word, from.digest(), from.size(), to.digest(), to.size()));
    } else {
      String became =
          from.digest().equals(to.digest())
              ? size(to.size())
              : "%s → %s %s"
                  .formatted(
                      size(from.size()), to.digest().hex().substring(0, 12), size(to.size()));
      out.println("%-9s %s  %s".formatted(word, from.digest().hex().substring(0, 12), became));
    }
    out.flush();
  }

  /// Says how many files come first, and how many of the record the image does not have.
  synchronized void ordered(int files, int vanished) {
    progress.done();
    if (json) {
      out.println(
          "{\"event\":\"ordered\",\"files\":%d,\"vanished\":%d}".formatted(files, vanished));
    } else {
      out.println(
          "first     %d files%s"
              .formatted(
                  files,
                  vanished == 0
                      ? ""
                      : ", and %d that are not in the image's layers".formatted(vanished)));
    }
    out.flush();
  }

  /// Says what the image is.
  synchronized void done(Descriptor root, String name) {
    progress.done();
    if (json) {
      out.println(
          "{\"event\":\"done\",\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%d}"
              .formatted(root.mediaType(), root.digest(), root.size()));
    } else {
      out.println("%s  %s".formatted(root.digest(), name));
    }
    out.flush();
  }

  private static String size(long bytes) {
    return bytes < 1_000_000
        ? String.format(Locale.ROOT, "%.1f kB", bytes / 1e3)
        : String.format(Locale.ROOT, "%.1f MB", bytes / 1e6);
  }
}
