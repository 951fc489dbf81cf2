package dev.asterism.cli.optimize;

import dev.asterism.images.ContainerConfig;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What a container runs, and in which surroundings. Immutable.
///
/// @param words the program and its arguments, at least the program
/// @param environment `NAME=value`
/// @param directory where the program starts, absolute
/// @param user as [ContainerUser] reads it
/// @param mounts what is mounted besides the usual file systems
/// @param hostNetwork whether it sees the host's network; else it has none
/// @param names of other machines
/// @param attached what it gets of this process
public record Workload(
    List<String> words,
    List<String> environment,
    String directory,
    String user,
    List<BindMount> mounts,
    boolean hostNetwork,
    Names names,
    Attached attached) {
  private static final String PATH =
      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  public Workload {
    words = List.copyOf(words);
    environment = List.copyOf(environment);
    mounts = List.copyOf(mounts);
  }

  /// What a container gets of the process that starts it.
  public enum Attached {
    /// What it prints is passed on; it reads nothing.
    OUTPUT,
    /// It reads this process's standard input, too.
    INPUT,
    /// It has a terminal, which stands for this process's.
    TERMINAL
  }

  /// What somebody wants otherwise than the image has it; what is empty stays the image's.
  ///
  /// @param entrypoint in place of the image's, whose arguments then go too
  /// @param arguments in place of the image's
  /// @param environment `NAME=value`, in place of or besides the image's
  public record Changes(
      Optional<List<String>> entrypoint,
      Optional<List<String>> arguments,
      List<String> environment,
      Optional<String> directory,
      Optional<String> user,
      List<BindMount> mounts,
      boolean hostNetwork,
      Names names,
      Attached attached) {
    public Changes {
      environment = List.copyOf(environment);
      mounts = List.copyOf(mounts);
    }
  }

  /// Combines what an image says with what somebody wants.
  ///
  /// @throws IOException if there is no program to run
  public static Workload of(ContainerConfig image, Changes changes) throws IOException {
    List<String> words = new ArrayList<>(changes.entrypoint().orElse(image.entrypoint()));
    words.addAll(
        changes.arguments().orElse(changes.entrypoint().isPresent() ? List.of() : image.command()));
    if (words.isEmpty()) {
      throw new IOException(
          "the image names no program to run: --entrypoint '[\"PROGRAM\"]' says which, or"
              + " --no-optimize does without");
    }
    String directory = changes.directory().orElse(image.directory());
    return new Workload(
        words,
        merged(image.environment(), changes.environment()),
        directory.startsWith("/") ? directory : "/" + directory,
        changes.user().orElse(image.user()),
        changes.mounts(),
        changes.hostNetwork(),
        changes.names(),
        changes.attached());
  }

  private static List<String> merged(List<String> image, List<String> changes) {
    Map<String, String> variables = new LinkedHashMap<>();
    variables.put("PATH", PATH);
    for (List<String> some : List.of(image, changes)) {
      some.forEach(each -> variables.put(each.split("=", 2)[0], each));
    }
    return List.copyOf(variables.values());
  }
}
