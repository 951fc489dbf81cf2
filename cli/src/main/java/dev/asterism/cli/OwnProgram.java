package dev.asterism.cli;

import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// How to start this very program once more.
final class OwnProgram {
  private OwnProgram() {}

  /// Returns the Java, the options and the jars that run now; what follows are the command's own
  /// words.
  static List<String> words() {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), Asterism.class.getName()));
    return words;
  }
}
