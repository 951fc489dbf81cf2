package dev.asterism.bench;

import java.io.IOException;
import java.util.OptionalLong;

/// What the second version of an image costs where the first was read through: the bytes that come
/// and the disk for both, also that of the store alone.
///
/// @param image its name without the tag; tags 1-esgz and 2-esgz
record VersionsCase(String image) implements Case {
  private static final long BLOCK = 4096;

  @Override
  public String name() {
    return "versions-" + image;
  }

  @Override
  public void measure(Snapshotter snapshotter, Run run) throws IOException, InterruptedException {
    Registry registry = run.registry();
    Contents first = registry.contents(image + ":1-esgz");
    Contents second = registry.contents(image + ":2-esgz");
    try (Node node = run.coldNode(snapshotter, image + ":1-esgz")) {
      readThrough(node, registry, image + ":1-esgz");
      Transfer before = registry.transfer();
      readThrough(node, registry, image + ":2-esgz");
      double bytes = registry.transfer().since(before).bytes();
      run.add(Measure.SECOND_BYTES, image, snapshotter, bytes / second.missing(first));
      double disk = node.diskBytes();
      run.add(Measure.DISK, image, snapshotter, disk / first.union(second));
      OptionalLong store = node.awaitSettledStore();
      if (store.isPresent()) {
        double unique = first.inFiles(second, BLOCK);
        run.add(Measure.STORE, image, snapshotter, store.getAsLong() / unique);
      }
    }
  }

  /// Returns when nothing moves any more: a snapshotter may go on fetching in the background, and
  /// that belongs to what a version costs.
  private static void readThrough(Node node, Registry registry, String tag)
      throws IOException, InterruptedException {
    String reference = registry.reference(tag);
    node.pull(reference);
    try (Shell shell = node.shell(reference)) {
      shell.time(Run.READ_ALL);
    }
    registry.awaitQuiet();
  }
}
