package dev.asterism.containerd;

import java.nio.file.Path;

/// Where a containerd listens, and which of its namespaces is meant. Immutable.
///
/// @param socket its unix socket
/// @param namespace e.g. `default`, or `k8s.io` for what kubelet sees
public record ContainerdAddress(Path socket, String namespace) {
  /// Where packages make it listen.
  public static final Path USUAL_SOCKET = Path.of("/run/containerd/containerd.sock");

  /// What `ctr` uses unless told otherwise.
  public static final String USUAL_NAMESPACE = "default";

  @Override
  public String toString() {
    return "containerd at %s, namespace %s".formatted(socket, namespace);
  }
}
