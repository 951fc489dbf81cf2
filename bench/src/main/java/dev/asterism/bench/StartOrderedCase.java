package dev.asterism.bench;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.util.List;
import java.util.stream.Collectors;

/// What our own optimizer brings: an image is converted and optimized by `asterism` from the same
/// ordinary layers with the same settings, and both are started on cold nodes. Measured with
/// Asterism alone.
///
/// @param image its name without the tag
/// @param question the program that is optimized for and started; prints a line
record StartOrderedCase(String image, List<String> question) implements Case {
  private static final String CONVERTED = ":converted";
  private static final String ORDERED = ":ordered";

  StartOrderedCase {
    question = List.copyOf(question);
  }

  @Override
  public String name() {
    return "start-ordered";
  }

  @Override
  public void measure(Snapshotter snapshotter, Run run) throws IOException, InterruptedException {
    if (!(snapshotter instanceof Snapshotter.Asterism asterism)) {
      return;
    }
    try (ScratchFolder scratch = ScratchFolder.create("asterism-bench-ordered-");
        Registry made = run.registry().another(scratch.path().resolve("registry"))) {
      String plain = run.registry().direct(image + ":1");
      command(asterism, scratch, "convert", "--rebuild")
          .with(plain, made.direct(image + CONVERTED))
          .runOrThrow();
      command(asterism, scratch, "optimize", "--period", "60")
          .with("--entrypoint", json(question), "--args", "[]")
          .with(plain, made.direct(image + ORDERED))
          .runOrThrow();
      Run there = run.at(made);
      double converted = start(CONVERTED, Measure.START_CONVERTED, snapshotter, there);
      double ordered = start(ORDERED, Measure.START_ORDERED, snapshotter, there);
      run.add(Measure.START_GAIN, image, snapshotter, ordered / converted);
    }
  }

  private static Command command(
      Snapshotter.Asterism asterism, ScratchFolder scratch, String... words) {
    return Command.of(asterism.home().resolve("bin/asterism").toString())
        .with(words)
        .with("--oci", "--temporary", scratch.path().resolve("spools").toString())
        .withVariable("XDG_CACHE_HOME", scratch.path().resolve("cache").toString());
  }

  /// Measures one start and returns its time in seconds.
  private double start(String tag, Measure time, Snapshotter snapshotter, Run run)
      throws IOException, InterruptedException {
    String shown = image + " (" + tag.substring(1) + " by asterism)";
    StartCase.Start start = new StartCase.Start(shown, image + tag, question);
    new StartCase(name() + tag, start, false, time, Measure.START_BYTES).measure(snapshotter, run);
    return run.figures().samples(new Figures.Row(time, shown), snapshotter.name()).getLast();
  }

  private static String json(List<String> words) {
    return words.stream()
        .map(word -> '"' + word.replace("\\", "\\\\").replace("\"", "\\\"") + '"')
        .collect(Collectors.joining(",", "[", "]"));
  }
}
