package dev.asterism.cli.e2e;

import dev.asterism.testkit.process.Command;
import java.nio.file.Path;

/// The program under test, as a process of its own from this build's classes.
final class Asterism {
  private Asterism() {}

  /// `asterism` with some words.
  static Command command(String... words) {
    return Command.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-Xmx512m",
            "--enable-native-access=ALL-UNNAMED",
            "dev.asterism.cli.Asterism")
        .withVariable("CLASSPATH", System.getProperty("java.class.path"))
        .with(words);
  }
}
