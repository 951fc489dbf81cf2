package dev.asterism.bench;

import java.io.IOException;

/// How long it takes until all of an image is on the node, pulled and left alone, against a plain
/// download of its layers over the same link.
///
/// @param image its name without the tag
record CompleteCase(String image) implements Case {
  @Override
  public String name() {
    return "start-complete";
  }

  @Override
  public void measure(Snapshotter snapshotter, Run run) throws IOException, InterruptedException {
    if (!(snapshotter instanceof Snapshotter.Asterism)) {
      return; // the others do not say when they are done
    }
    String tag = image + ":1-esgz";
    run.registry().warm(tag);
    long begin = System.nanoTime();
    int layers = run.registry().download(tag);
    double plain = System.nanoTime() - begin;
    try (Node node = run.coldNode(snapshotter, tag)) {
      Timeline timeline = run.registry().watch();
      begin = System.nanoTime();
      node.pull(run.registry().reference(tag));
      timeline.mark("pulled");
      node.awaitCompleteLayers(layers);
      timeline.mark("complete");
      run.timelines().ifPresent(all -> all.add(name(), timeline));
      run.add(Measure.START_COMPLETE, image, snapshotter, (System.nanoTime() - begin) / plain);
    }
  }
}
