package dev.asterism.images;

import java.util.ArrayList;
import java.util.List;

/// What an image's containers run, unless somebody says otherwise (OCI image specification,
/// "Properties" of the image configuration, `config`). Immutable.
///
/// @param entrypoint the program and its first arguments; empty for none
/// @param command further arguments, or the program where there is no entry point
/// @param environment `NAME=value`
/// @param directory where the program starts; empty for the root
/// @param user `user[:group]`, names or numbers; empty for root
public record ContainerConfig(
    List<String> entrypoint,
    List<String> command,
    List<String> environment,
    String directory,
    String user) {
  public ContainerConfig {
    entrypoint = List.copyOf(entrypoint);
    command = List.copyOf(command);
    environment = List.copyOf(environment);
  }

  /// Reads it out of an image's config; what is not there is empty.
  static ContainerConfig parse(Json.Obj image) {
    Json.Obj config = image.object("config").orElse(Json.Obj.empty());
    return new ContainerConfig(
        config.texts("Entrypoint"),
        config.texts("Cmd"),
        config.texts("Env"),
        config.text("WorkingDir").orElse(""),
        config.text("User").orElse(""));
  }

  /// Returns the program and its arguments; empty if there is none.
  public List<String> words() {
    List<String> words = new ArrayList<>(entrypoint);
    words.addAll(command);
    return words;
  }
}
