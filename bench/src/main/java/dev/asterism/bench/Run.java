package dev.asterism.bench;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// What the cases of one run share.
///
/// @param registry has the images
/// @param settle how long a node is up before it is measured
/// @param warm samples of what is measured inside one node, 1 or more
/// @param figures where they go
/// @param progress told of each sample in a line
/// @param folder of the run, for what has to outlive a node
/// @param timelines where timelines of starts go, if anywhere
/// @param read compressed bytes that a program was seen to read, by its words
record Run(
    Registry registry,
    Duration settle,
    int warm,
    Figures figures,
    PrintStream progress,
    Path folder,
    Optional<Timelines> timelines,
    Map<List<String>, Long> read) {
  /// Reads every file of a container and nothing that is mounted in it.
  static final String READ_ALL = "find / -xdev -type f -exec cat {} + >/dev/null";

  private static final double MILLISECOND = 1e6; // in nanoseconds

  /// Returns the same with the images of another registry.
  Run at(Registry other) {
    return new Run(other, settle, warm, figures, progress, folder, timelines, read);
  }

  /// Notes a time, in the measure's unit.
  void add(Measure measure, String image, Snapshotter snapshotter, Duration time) {
    double milliseconds = time.toNanos() / MILLISECOND;
    add(
        measure,
        image,
        snapshotter,
        measure.unit() == Measure.Unit.SECONDS ? milliseconds / 1000 : milliseconds);
  }

  /// Notes a value, in the measure's unit.
  void add(Measure measure, String image, Snapshotter snapshotter, double value) {
    figures.add(new Figures.Row(measure, image), snapshotter, value);
    String written = measure.unit().write(value);
    progress.printf(
        Locale.ROOT, "%s, %s: %s: %s%n", image, snapshotter.name(), measure.title(), written);
  }

  /// Tells whether a start of a program was seen in this run.
  boolean hasRead(List<String> program) {
    return read.containsKey(program);
  }

  /// Notes what a start was seen to read, and returns the most that the same program was seen to
  /// read in this run: of files that came whole before they were opened a daemon sees nothing.
  long noteRead(List<String> program, long bytes) {
    return read.merge(program, bytes, Math::max);
  }

  /// Starts a node and makes this machine forget what it has read, except for the registry's blobs
  /// of `image`: a real registry is another machine, and warm.
  Node coldNode(Snapshotter snapshotter, String image) throws IOException, InterruptedException {
    Node node = Node.start(snapshotter);
    try {
      Thread.sleep(settle);
      PageCache.drop();
      registry.warm(image);
      return node;
    } catch (IOException | InterruptedException e) {
      node.close();
      throw e;
    }
  }
}
