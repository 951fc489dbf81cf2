package dev.asterism.testkit.containerd;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// The processes between a containerd and its containers, which outlive it by design.
final class Shims {
  private static final String PROGRAM = "containerd-shim-runc-v2";
  private static final String SOCKET = "unix://";

  private Shims() {}

  /// Kills the shims that serve the containerd at `socket`, and their containers.
  static void endAll(Path socket) {
    List<ProcessHandle> shims =
        ProcessHandle.allProcesses().filter(process -> serves(process, socket)).toList();
    for (ProcessHandle shim : shims) {
      shim.children().forEach(ProcessHandle::destroyForcibly);
      shim.destroyForcibly();
      shim.onExit().join();
    }
  }

  /// Removes the sockets of shims that were killed: they lie outside containerd's own folders.
  ///
  /// @param state containerd's state folder, with nothing mounted in it
  static void removeSockets(Path state) throws IOException {
    for (Path address : addresses(state)) {
      String text = Files.readString(address).strip();
      if (text.startsWith(SOCKET)) {
        Files.deleteIfExists(Path.of(text.substring(SOCKET.length())));
      }
    }
    removeIfEmpty(Path.of("/run/containerd/s"));
    removeIfEmpty(Path.of("/run/containerd"));
  }

  private static boolean serves(ProcessHandle process, Path socket) {
    try {
      byte[] line = Files.readAllBytes(Path.of("/proc/" + process.pid() + "/cmdline"));
      List<String> words = Arrays.asList(new String(line, StandardCharsets.UTF_8).split("\0", -1));
      int address = words.indexOf("-address");
      return words.getFirst().endsWith(PROGRAM)
          && address > 0
          && address + 1 < words.size()
          && words.get(address + 1).equals(socket.toString());
    } catch (IOException _) {
      return false; // it has ended
    }
  }

  /// Finds `…/<namespace>/<container>/address`.
  private static List<Path> addresses(Path state) throws IOException {
    if (!Files.isDirectory(state)) {
      return List.of();
    }
    try (Stream<Path> files = Files.find(state, 4, (path, _) -> isAddress(path))) {
      return files.toList();
    }
  }

  private static boolean isAddress(Path path) {
    return Optional.ofNullable(path.getFileName())
        .map(name -> name.toString().equals("address"))
        .orElse(false);
  }

  /// containerd makes these for its shims, whatever its own folders are.
  private static void removeIfEmpty(Path folder) throws IOException {
    try (Stream<Path> content = Files.exists(folder) ? Files.list(folder) : Stream.empty()) {
      if (content.findAny().isPresent()) {
        return;
      }
    }
    try {
      Files.deleteIfExists(folder);
    } catch (DirectoryNotEmptyException _) {
      // Another containerd has just put something there.
    }
  }
}
