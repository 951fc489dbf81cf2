package dev.asterism.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// How long a cold node takes from the pull to the first line of a container, and what it fetched
/// for that.
///
/// @param name on the command line
/// @param start what is started
/// @param learned whether an earlier start of the image has been seen: of our own snapshotter, on a
///   node that lost everything but its profiles
/// @param time where the time goes
/// @param bytes where the ratio of bytes goes
record StartCase(String name, Start start, boolean learned, Measure time, Measure bytes)
    implements Case {

  @Override
  public void measure(Snapshotter snapshotter, Run run) throws IOException, InterruptedException {
    Optional<Path> profiles = Optional.empty();
    if (learned && snapshotter instanceof Snapshotter.Asterism) {
      profiles = Optional.of(learn(snapshotter, run));
    } else if (learned && snapshotter instanceof Snapshotter.Stargz) {
      return; // it learns nothing
    }
    measure(snapshotter, run, profiles);
  }

  /// Starts it once, and keeps what was learned after the node is gone.
  private Path learn(Snapshotter snapshotter, Run run) throws IOException, InterruptedException {
    try (Node node = run.coldNode(snapshotter, start.tag())) {
      answer(node, run);
      OptionalLong used = node.awaitStartRecord(run.progress());
      if (used.isPresent()) {
        run.noteRead(start.question(), used.getAsLong());
      }
      return node.copyProfiles(run.folder());
    }
  }

  private void measure(Snapshotter snapshotter, Run run, Optional<Path> profiles)
      throws IOException, InterruptedException {
    Contents contents = run.registry().contents(start.tag());
    try (Node node = run.coldNode(snapshotter, start.tag())) {
      if (profiles.isPresent()) {
        node.giveProfiles(profiles.get());
      }
      Timeline timeline = run.registry().watch();
      Transfer before = run.registry().transfer();
      Duration cpu = node.daemonCpu();
      long begin = System.nanoTime();
      Node.Answer answer = answer(node, run, timeline);
      cpu = node.daemonCpu().minus(cpu);
      run.progress()
          .printf("%s, %s: processor: %d ms%n", start.image(), snapshotter.name(), cpu.toMillis());
      run.add(time, start.image(), snapshotter, Duration.ofNanos(answer.time() - begin));
      run.timelines().ifPresent(all -> all.add(name + ", " + snapshotter.name(), timeline));
      OptionalLong used = node.awaitStartRecord(run.progress());
      if (start.isPrefetched() && !run.hasRead(start.question())) {
        run.progress()
            .println("what is prefetched is read unseen: for bytes, run start-python before");
      } else if (used.isPresent() && used.getAsLong() > 0) {
        long content = answer.transfer().since(before).bytes() - contents.tocSize();
        long read = run.noteRead(start.question(), used.getAsLong());
        run.add(bytes, start.image(), snapshotter, (double) content / read);
      }
    }
  }

  private Node.Answer answer(Node node, Run run) throws IOException, InterruptedException {
    return answer(node, run, new Timeline());
  }

  private Node.Answer answer(Node node, Run run, Timeline timeline)
      throws IOException, InterruptedException {
    String reference = run.registry().reference(start.tag());
    node.pull(reference);
    timeline.mark("pulled");
    Node.Answer answer =
        node.answer(
            reference,
            start.question(),
            () -> {
              timeline.mark("first line");
              return run.registry().transfer();
            });
    return answer;
  }

  /// An image and what its container does. Immutable.
  ///
  /// @param image its name without the tag
  /// @param tag all of it
  /// @param question the program and its arguments; prints a line
  record Start(String image, String tag, List<String> question) {
    /// Copies the list.
    Start {
      question = List.copyOf(question);
    }

    /// Tells whether the image says itself what it will read.
    boolean isPrefetched() {
      return tag.endsWith(":1-opt");
    }
  }
}
