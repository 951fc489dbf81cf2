package dev.asterism.bench;

import java.util.Locale;
import java.util.OptionalDouble;

/// What is measured. Less is better, for every one.
enum Measure {
  /// From the start of the pull until the container prints its first line.
  ANSWER("pull → first answer, cold", Unit.SECONDS, true, 0.35),
  /// What had come from the registry by then.
  ANSWER_BYTES("bytes fetched at the answer, of the image", Unit.PERCENT, false, 15),
  /// How often the registry had been asked by then.
  ANSWER_REQUESTS("requests at the answer", Unit.COUNT, false),
  /// From the start of the pull until every file was read.
  READ_COLD("pull → every file read, cold", Unit.SECONDS, true, 1.0),
  /// What had come from the registry by then.
  READ_COLD_BYTES("bytes fetched when every file was read, of the image", Unit.PERCENT, false),
  /// In the container that fetched them.
  READ_WARM("every file read again, warm", Unit.MILLISECONDS, true, 1.2),
  /// In a new container, with nothing in the page cache.
  READ_SECOND(
      "every file read in a second container, caches dropped", Unit.MILLISECONDS, true, 1.1),
  /// With nothing in the page cache but ls.
  LIST_COLD("ls -lR /, caches dropped", Unit.MILLISECONDS, true, 1.2),
  /// Once more.
  LIST_WARM("ls -lR /, warm", Unit.MILLISECONDS, true, 1.1),
  /// The file whose size is nearest to 32 MiB.
  BIG_FILE("one file of about 32 MB, warm", Unit.MILLISECONDS, true, 1.1),
  /// The daemon's, after every file was read.
  MEMORY("resident memory of the daemon, image read through", Unit.MEGABYTES, false, 150),
  /// The same after ten quiet seconds.
  MEMORY_AT_REST("the same, ten seconds later", Unit.MEGABYTES, false),
  /// Pulled and read through after the first was.
  SECOND_BYTES(
      "second version: bytes fetched, of its new chunks and TOCs", Unit.RATIO, false, 1.25),
  /// After both were read through.
  DISK("disk for both versions, of their unique chunks", Unit.RATIO, false, 1.15),
  /// The same of the store alone, when nothing in it is fresh any more, and a chunk is counted with
  /// the rest of its last block.
  STORE("the store of both, of their unique chunks in blocks", Unit.RATIO, false, 1.05),
  /// As [#ANSWER], of an image with no order.
  START_PLAIN("start: as converted", Unit.SECONDS, true, 0.20),
  /// Of an image that the Go tool has optimized.
  START_OPTIMIZED("start: optimized, with landmarks", Unit.SECONDS, true, 0.13),
  /// Of an image that `asterism convert` made.
  START_CONVERTED("start: converted by asterism", Unit.SECONDS, false),
  /// Of the same that `asterism optimize` made.
  START_ORDERED("start: optimized by asterism", Unit.SECONDS, false),
  /// The second of these against the first.
  START_GAIN("start: optimized by asterism, of converted by it", Unit.RATIO, false, 0.7),
  /// On a node that has seen a start and lost all content.
  START_LEARNED("start: second cold one (learned)", Unit.SECONDS, true, 0.14),
  /// `java --version`.
  START_JAVA("start: java --version", Unit.SECONDS, true, 0.13),
  /// One small file of C.
  START_GCC("start: gcc compiles one file", Unit.SECONDS, true, 0.16),
  /// A new cluster, and one answer of it.
  START_POSTGRES("start: initdb, postgres, one select", Unit.SECONDS, true, 0.30),
  /// As [#READ_COLD].
  START_READ("start: every file read", Unit.SECONDS, true, 0.75),
  /// Without TOCs; what was read is known from the daemon's record of the start.
  START_BYTES("bytes at the answer, of those read", Unit.RATIO, false, 1.5),
  /// The same with a learned order.
  START_LEARNED_BYTES("bytes at the answer, of those read (learned)", Unit.RATIO, false, 1.15),
  /// Against the same on a node where nothing else is fetched.
  START_BUSY("start while another image is fetched, of a quiet one", Unit.RATIO, false, 1.15),
  /// From the start of the pull.
  START_COMPLETE("until all layers are complete, of a download", Unit.RATIO, false, 1.2),
  /// From the kill on: the longest of all, and so no less than the 99th percentile.
  RESTART("longest pause of a reader over a kill of the daemon", Unit.SECONDS, false, 1.5);

  /// How a figure is written.
  enum Unit {
    SECONDS("%.2f s"),
    MILLISECONDS("%.1f ms"),
    MEGABYTES("%.0f MB"),
    PERCENT("%.1f %%"),
    RATIO("%.2f"),
    COUNT("%.0f");

    private final String format;

    Unit(String format) {
      this.format = format;
    }

    String write(double value) {
      return String.format(Locale.ROOT, format, value);
    }
  }

  private final String title;
  private final Unit unit;
  private final boolean againstYardstick;
  private final OptionalDouble target;

  Measure(String title, Unit unit, boolean againstYardstick, double target) {
    this.title = title;
    this.unit = unit;
    this.againstYardstick = againstYardstick;
    this.target = OptionalDouble.of(target);
  }

  Measure(String title, Unit unit, boolean againstYardstick) {
    this.title = title;
    this.unit = unit;
    this.againstYardstick = againstYardstick;
    target = OptionalDouble.empty();
  }

  /// Returns what a reader sees.
  String title() {
    return title;
  }

  /// Returns how its values are written.
  Unit unit() {
    return unit;
  }

  /// Tells whether the ratio to overlayfs in the same run counts, or the value itself.
  boolean isAgainstYardstick() {
    return againstYardstick;
  }

  /// Returns what is to be reached at most: a ratio, or a value in [#unit].
  OptionalDouble target() {
    return target;
  }
}
