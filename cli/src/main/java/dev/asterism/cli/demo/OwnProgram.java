package dev.asterism.cli.demo;

import dev.asterism.testkit.process.Command;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// How to start this very program once more.
final class OwnProgram {
  private static final String MAIN = "dev.asterism.cli.Asterism";

  private OwnProgram() {}

  /// `asterism daemon` with the same Java, options and jars that run now.
  static Command daemon(Path socket, Path root) {
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), MAIN));
    words.addAll(List.of("daemon", "--address", socket.toString(), "--root", root.toString()));
    words.addAll(List.of("--log-format", "json"));
    return Command.of(words);
  }
}
