package dev.asterism.bench;

import dev.asterism.cli.timeline.TimelineSvg;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Where the timelines of starts go: a picture, written anew with each.
///
/// @param file to be written
/// @param picture what it shows until now
record Timelines(Path file, TimelineSvg picture) {
  /// Adds one, in place of an earlier one of that title.
  void add(String title, Timeline timeline) {
    picture.add(title, timeline.seen());
  }

  /// Writes the picture, if anything was added.
  void write() throws IOException {
    if (!picture.isEmpty()) {
      Files.writeString(file, picture.draw());
    }
  }
}
