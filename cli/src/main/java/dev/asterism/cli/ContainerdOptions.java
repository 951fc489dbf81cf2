package dev.asterism.cli;

import dev.asterism.containerd.ContainerdAddress;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/// Which containerd is meant, as `ctr` is told: by options, else by its environment variables.
final class ContainerdOptions {
  @Option(
      names = {"--containerd-address", "-a"},
      paramLabel = "SOCKET",
      description =
          "containerd's socket (default: $CONTAINERD_ADDRESS or /run/containerd/containerd.sock)")
  private Optional<Path> address = Optional.empty();

  @Option(
      names = {"--namespace", "-n"},
      paramLabel = "NAME",
      description = "containerd's namespace (default: $CONTAINERD_NAMESPACE or default)")
  private Optional<String> namespace = Optional.empty();

  /// Returns the address; nobody has looked whether somebody listens.
  ContainerdAddress address() {
    return new ContainerdAddress(
        address.orElseGet(() ->
            Path.of(variable("CONTAINERD_ADDRESS", ContainerdAddress.USUAL_SOCKET.toString()))),
        namespace.orElseGet(
            () -> variable("CONTAINERD_NAMESPACE", ContainerdAddress.USUAL_NAMESPACE)));
  }

  private static String variable(String name, String otherwise) {
    String value = System.getenv().getOrDefault(name, "");
    return value.isEmpty() ? otherwise : value;
  }
}
