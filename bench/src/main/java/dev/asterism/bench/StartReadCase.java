package dev.asterism.bench;

import java.io.IOException;
import java.time.Duration;

/// How long it takes to pull an image and read every file of it.
///
/// @param image its name without the tag
record StartReadCase(String image) implements Case {
  @Override
  public String name() {
    return "start-read";
  }

  @Override
  public void measure(Snapshotter snapshotter, Run run) throws IOException, InterruptedException {
    String tag = image + ":1-esgz";
    String reference = run.registry().reference(tag);
    try (Node node = run.coldNode(snapshotter, tag)) {
      Timeline timeline = run.registry().watch();
      long begin = System.nanoTime();
      node.pull(reference);
      timeline.mark("pulled");
      try (Shell shell = node.shell(reference)) {
        shell.time(Run.READ_ALL);
        timeline.mark("read");
        run.add(
            Measure.START_READ, image, snapshotter, Duration.ofNanos(System.nanoTime() - begin));
      }
      run.timelines().ifPresent(all -> all.add(name() + ", " + snapshotter.name(), timeline));
    }
  }
}
