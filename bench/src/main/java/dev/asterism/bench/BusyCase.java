package dev.asterism.bench;

import java.io.IOException;

/// What a start suffers from the background fetch of another image.
///
/// @param start what is started
/// @param other tag of the image that is fetched meanwhile
record BusyCase(StartCase.Start start, String other) implements Case {
  @Override
  public String name() {
    return "start-busy";
  }

  @Override
  public void measure(Snapshotter snapshotter, Run run) throws IOException, InterruptedException {
    if (snapshotter instanceof Snapshotter.Overlayfs) {
      return; // it fetches nothing in the background
    }
    double idle = time(snapshotter, run, false);
    double busy = time(snapshotter, run, true);
    run.add(Measure.START_BUSY, start.image(), snapshotter, busy / idle);
  }

  private double time(Snapshotter snapshotter, Run run, boolean disturbed)
      throws IOException, InterruptedException {
    try (Node node = run.coldNode(snapshotter, start.tag())) {
      if (disturbed) {
        run.registry().warm(other);
        long before = run.registry().transfer().bytes();
        node.pull(run.registry().reference(other));
        run.registry().awaitBytes(before + (4 << 20));
      }
      long begin = System.nanoTime();
      String reference = run.registry().reference(start.tag());
      node.pull(reference);
      Node.Answer answer = node.answer(reference, start.question(), run.registry()::transfer);
      return answer.time() - begin;
    }
  }
}
