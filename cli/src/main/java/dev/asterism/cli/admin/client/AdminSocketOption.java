package dev.asterism.cli.admin.client;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/// The option that says where a running daemon is asked. Without it the sockets are tried that a
/// daemon has by its own name and by the name `containerd-stargz-grpc`.
public final class AdminSocketOption {
  private static final List<Path> STANDARD =
      List.of(
          Path.of("/run/asterism/admin.sock"), Path.of("/run/containerd-stargz-grpc/admin.sock"));

  @Option(
      names = "--admin-address",
      paramLabel = "SOCKET",
      description = {
        "admin socket of the daemon (default: /run/asterism/admin.sock, and where nobody answers",
        "there /run/containerd-stargz-grpc/admin.sock)"
      })
  private Optional<Path> socket = Optional.empty();

  /// Returns who asks there; nothing has been asked yet.
  public AdminClient client() {
    return new AdminClient(socket.map(Path::toAbsolutePath).orElseGet(() -> answering(STANDARD)));
  }

  /// Returns the first at which somebody listens, or the first of all.
  static Path answering(List<Path> sockets) {
    return sockets.stream()
        .filter(each -> new AdminClient(each).isServed())
        .findFirst()
        .orElse(sockets.getFirst());
  }
}
