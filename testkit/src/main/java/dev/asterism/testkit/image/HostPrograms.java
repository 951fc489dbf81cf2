package dev.asterism.testkit.image;

import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;

/// A layer with programs of this machine and what they load: enough to run them.
public final class HostPrograms {
  private static final int EXECUTABLE = 0755;

  private HostPrograms() {}

  /// Returns the layer.
  ///
  /// @param programs absolute paths, the same in the layer
  /// @throws IOException if one cannot be read, or there is no `ldd`
  public static Layer layer(Path... programs) throws IOException, InterruptedException {
    NavigableSet<Path> files = SharedLibraries.of(List.of(programs));
    files.addAll(List.of(programs));
    List<Entry> entries = new ArrayList<>();
    for (String folder : List.of("dev", "proc", "sys", "etc", "tmp")) {
      entries.add(Entry.dir(folder));
    }
    for (Path file : files) {
      entries.add(
          Entry.file(file.toString().substring(1), Files.readAllBytes(file)).mode(EXECUTABLE));
    }
    return Layer.of(entries.toArray(Entry[]::new));
  }
}
