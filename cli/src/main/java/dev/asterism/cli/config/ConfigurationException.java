package dev.asterism.cli.config;

import java.io.IOException;
import java.io.Serial;
import java.util.List;

/// A configuration file that cannot be used, with everything that is wrong in it.
public final class ConfigurationException extends IOException {
  @Serial private static final long serialVersionUID = 1;

  private final List<String> problems;

  /// @param problems one line each, with file and line number; at least one
  public ConfigurationException(List<String> problems) {
    super(String.join("\n", problems));
    this.problems = List.copyOf(problems);
  }

  /// Returns one line for each problem, with file and line number.
  public List<String> problems() {
    return problems;
  }
}
