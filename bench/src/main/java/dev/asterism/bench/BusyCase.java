package dev.asterism.bench;

import java.io.IOException;

/// What a start suffers from the background fetch of another image.
///
/// All images stand on one base. So that its layers come for neither, both nodes have a third image
/// whole before: what is fetched meanwhile is of no use to the start.
///
/// @param start what is started
/// @param before tag of the image that is there
/// @param other tag of the image that is fetched meanwhile
record BusyCase(StartCase.Start start, String before, String other) implements Case {
  /// So much has come of an image when its background fetch is surely under way.
  private static final long UNDER_WAY = 4 << 20; // 4 MiB

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
      pull(node, run, before);
      run.registry().awaitQuiet();
      if (disturbed) {
        pull(node, run, other);
      }
      long begin = System.nanoTime();
      String reference = run.registry().reference(start.tag());
      node.pull(reference);
      Node.Answer answer = node.answer(reference, start.question(), run.registry()::transfer);
      return answer.time() - begin;
    }
  }

  /// Pulls an image, and waits until its background fetch is under way.
  private static void pull(Node node, Run run, String tag)
      throws IOException, InterruptedException {
    run.registry().warm(tag);
    long bytes = run.registry().transfer().bytes();
    node.pull(run.registry().reference(tag));
    run.registry().awaitBytes(bytes + UNDER_WAY);
  }
}
