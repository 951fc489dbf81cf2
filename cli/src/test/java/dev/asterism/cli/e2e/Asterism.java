package dev.asterism.cli.e2e;

import dev.asterism.testkit.process.Command;
import java.nio.file.Path;
import java.util.Set;

/// The program under test, as a process of its own from this build's classes.
final class Asterism {
  private Asterism() {}

  /// Commands that compute much. For the others, and for the daemons of tests, which end soon, the
  /// second compiler costs more than it brings: a third of the time of a start.
  private static final Set<String> LONG = Set.of("convert", "optimize");

  /// `asterism` with some words.
  static Command command(String... words) {
    return Command.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-Xmx512m",
            LONG.contains(words[0]) ? "-XX:+TieredCompilation" : "-XX:TieredStopAtLevel=1",
            "--enable-native-access=ALL-UNNAMED",
            "dev.asterism.cli.Asterism")
        .withVariable("CLASSPATH", System.getProperty("java.class.path"))
        .with(words);
  }
}
