package dev.asterism.bench;

import java.io.IOException;
import java.time.Duration;

/// What it costs to read and to list a whole image: while it comes, and when it is there.
///
/// @param image its name without the tag
record ReadCase(String image) implements Case {
  private static final long BIG = 32 << 20; // 32 MiB
  private static final int BIG_READS = 10;

  // /proc, /sys and /dev are the kernel's, the same for everybody.
  private static final String LIST_ALL = "ls -lR /!(proc|sys|dev) >/dev/null";

  @Override
  public String name() {
    return "read-" + image;
  }

  @Override
  public void measure(Snapshotter snapshotter, Run run) throws IOException, InterruptedException {
    Tour tour = new Tour(snapshotter, run, image + ":1-esgz");
    try (Node node = run.coldNode(snapshotter, tour.tag)) {
      tour.firstContainer(node);
      for (int i = 0; i < run.warm(); i++) {
        tour.laterContainer(node);
      }
      tour.listing(node);
    }
  }

  /// Long enough for a daemon to tidy up when nobody asks for anything.
  private static final Duration REST = Duration.ofSeconds(10);

  /// One pass through all figures of the image.
  private final class Tour {
    private final Snapshotter snapshotter;
    private final Run run;
    private final String tag;
    private final String reference;
    private final Contents contents;

    Tour(Snapshotter snapshotter, Run run, String tag) throws IOException {
      this.snapshotter = snapshotter;
      this.run = run;
      this.tag = tag;
      reference = run.registry().reference(tag);
      contents = run.registry().contents(tag);
    }

    void firstContainer(Node node) throws IOException, InterruptedException {
      Transfer before = run.registry().transfer();
      long begin = System.nanoTime();
      node.pull(reference);
      try (Shell shell = node.shell(reference)) {
        shell.time(Run.READ_ALL);
        add(Measure.READ_COLD, Duration.ofNanos(System.nanoTime() - begin));
        long bytes = run.registry().transfer().since(before).bytes();
        run.add(
            Measure.READ_COLD_BYTES, image, snapshotter, 100.0 * bytes / contents.compressedSize());
        warm(shell);
      }
      if (node.residentBytes().isPresent()) {
        run.add(Measure.MEMORY, image, snapshotter, node.residentBytes().getAsLong() / 1e6);
        Thread.sleep(REST);
        run.add(
            Measure.MEMORY_AT_REST, image, snapshotter, node.residentBytes().orElseThrow() / 1e6);
      }
    }

    private void warm(Shell shell) throws IOException, InterruptedException {
      for (int i = 0; i < run.warm(); i++) {
        add(Measure.READ_WARM, shell.time(Run.READ_ALL));
      }
      String read = "cat '%s' >/dev/null".formatted(contents.fileOf(BIG));
      shell.time(read);
      for (int i = 0; i < run.warm(); i++) {
        Duration all = shell.time("for i in {1..%d}; do %s; done".formatted(BIG_READS, read));
        add(Measure.BIG_FILE, all.dividedBy(BIG_READS));
      }
    }

    void laterContainer(Node node) throws IOException, InterruptedException {
      try (Shell shell = node.shell(reference)) {
        PageCache.drop();
        add(Measure.READ_SECOND, shell.time(Run.READ_ALL));
      }
    }

    void listing(Node node) throws IOException, InterruptedException {
      try (Shell shell = node.shell(reference)) {
        shell.time("ls / >/dev/null");
        for (int i = 0; i < run.warm(); i++) {
          PageCache.drop();
          add(Measure.LIST_COLD, shell.time(LIST_ALL));
        }
        for (int i = 0; i < run.warm(); i++) {
          add(Measure.LIST_WARM, shell.time(LIST_ALL));
        }
      }
    }

    private void add(Measure measure, Duration time) {
      run.add(measure, image, snapshotter, time);
    }
  }
}
