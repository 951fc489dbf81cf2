package dev.asterism.cli;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.images.RecordedFiles;
import dev.asterism.images.TransferListener;
import dev.asterism.registry.Descriptor;
import java.io.PrintWriter;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/// Shows how a transfer gets on: on a terminal a bar for each blob under way, and a line on
/// standard output for each that is done; or JSON, one object a line. Thread-safe.
final class TransferReport implements TransferListener {
  private static final long PAUSE = 100_000_000; // nanoseconds between two looks of the bars
  private static final int MAX_REMARKS = 10; // of one layer
  private static final int BAR = 24; // characters

  private final Progress progress;
  private final PrintWriter out;
  private final boolean json;
  private final boolean live;
  private final LongSupplier clock;
  private final Map<Descriptor, String> underWay = new LinkedHashMap<>();
  private final Map<Descriptor, Integer> remarks = new HashMap<>();
  private final Set<Descriptor> converted = new HashSet<>();
  private long next;

  /// @param json whether standard output is for programs
  /// @param live whether somebody looks at standard error
  TransferReport(Progress progress, PrintWriter out, boolean json, boolean live) {
    this(progress, out, json, live, System::nanoTime);
  }

  /// As the other.
  ///
  /// @param clock in nanoseconds since some moment
  TransferReport(
      Progress progress, PrintWriter out, boolean json, boolean live, LongSupplier clock) {
    this.clock = clock;
    this.next = clock.getAsLong();
    this.progress = progress;
    this.out = out;
    this.json = json;
    this.live = live;
  }

  @Override
  public synchronized void progressed(Descriptor blob, Step step, long bytes) {
    if (!live) {
      return;
    }
    String name = blob.digest().hex().substring(0, 12);
    if (step == Step.CONVERT) {
      converted.add(blob);
      underWay.put(blob, "converting %s %s".formatted(name, bar(bytes, blob.size())));
    } else if (converted.contains(blob)) { // how large it will be is not known
      underWay.put(blob, "writing    %s  %s".formatted(name, size(bytes)));
    } else {
      underWay.put(blob, "copying    %s %s".formatted(name, bar(bytes, blob.size())));
    }
    long now = clock.getAsLong();
    if (now - next >= 0) {
      next = now + PAUSE;
      progress.passing(List.copyOf(underWay.values()));
    }
  }

  /// At most 60 characters.
  private static String bar(long bytes, long of) {
    double share = of <= 0 ? 1 : Math.clamp((double) bytes / of, 0, 1);
    int full = (int) (share * BAR);
    return "[%s%s] %3d %%  %s of %s"
        .formatted(
            "#".repeat(full), ".".repeat(BAR - full), (int) (share * 100), size(bytes), size(of));
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

  @Override
  public synchronized void remarked(Descriptor layer, String text) {
    int soFar = remarks.merge(layer, 1, Integer::sum);
    if (soFar > MAX_REMARKS) {
      return;
    }
    progress.done();
    String said = soFar < MAX_REMARKS ? text : "more of the kind";
    if (json) {
      out.println(
          ContentJson.line(line -> {
            line.writeStartObject();
            line.writeStringProperty("event", "remark");
            line.writeStringProperty("layer", layer.digest().toString());
            line.writeStringProperty("text", said);
            line.writeEndObject();
          }));
    } else {
      out.println("note      %s  %s".formatted(layer.digest().hex().substring(0, 12), said));
    }
    out.flush();
  }

  /// Says how many files come first, and what the image does not have of those that should.
  synchronized void ordered(RecordedFiles files) {
    progress.done();
    int first = files.record().entries().size();
    if (json) {
      out.println(
          "{\"event\":\"ordered\",\"files\":%d,\"moved\":%d,\"vanished\":%d}"
              .formatted(first, files.moved(), files.vanished()));
      files
          .unmatched()
          .forEach(name ->
              out.println(
                  ContentJson.line(line -> {
                    line.writeStartObject();
                    line.writeStringProperty("event", "unmatched");
                    line.writeStringProperty("name", name);
                    line.writeEndObject();
                  })));
    } else {
      out.println(
          "first     %d files%s%s"
              .formatted(
                  first,
                  files.moved() == 0 ? "" : ", %d of them moved".formatted(files.moved()),
                  files.vanished() == 0
                      ? ""
                      : ", and %d that are not in the image's layers".formatted(files.vanished())));
      files
          .unmatched()
          .forEach(name -> out.println("nothing   " + name.replaceAll("\\p{Cntrl}", "?")));
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
