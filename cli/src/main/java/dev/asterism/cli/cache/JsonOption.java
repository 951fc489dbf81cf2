package dev.asterism.cli.cache;

import picocli.CommandLine.Option;

/// The option for who wants to read the answer with a program.
final class JsonOption {
  @Option(names = "--json", description = "print JSON; sizes are bytes")
  private boolean json;

  boolean isSet() {
    return json;
  }
}
