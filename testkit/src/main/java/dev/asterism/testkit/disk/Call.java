package dev.asterism.testkit.disk;

import java.util.List;

/// One call of a wrapped port. Immutable.
///
/// @param name of the method
/// @param arguments what it was given
/// @param number how often this method has been called, this call included
public record Call(String name, List<Object> arguments, long number) {
  /// Copies the arguments.
  public Call {
    arguments = List.copyOf(arguments);
  }

  /// Returns an argument as text.
  public String text(int argument) {
    return arguments.get(argument).toString();
  }
}
