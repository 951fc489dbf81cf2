package dev.asterism.cli.e2e;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// systemd's file descriptor store: a process that talks to a service as systemd does. At [#close]
/// it is gone, with what it held.
final class ServiceManagerStore implements AutoCloseable {
  private static final String SCRIPT = "service-manager.py";

  private final ScratchFolder scratch;
  private final Daemon process;

  private ServiceManagerStore(ScratchFolder scratch) throws IOException, InterruptedException {
    this.scratch = scratch;
    try (InputStream text = ServiceManagerStore.class.getResourceAsStream(SCRIPT)) {
      if (text == null) {
        throw new FileNotFoundException(SCRIPT);
      }
      Files.copy(text, path(SCRIPT));
    }
    process = Daemon.start(python("store").with(path("log").toString()), path("give"), path("out"));
  }

  static ServiceManagerStore start() throws IOException, InterruptedException {
    ScratchFolder scratch = ScratchFolder.create("asterism-systemd");
    try {
      return new ServiceManagerStore(scratch);
    } catch (IOException | InterruptedException e) {
      scratch.close();
      throw e;
    }
  }

  private Path path(String name) {
    return scratch.path().resolve(name);
  }

  private Command python(String mode) {
    return Command.of("python3", path(SCRIPT).toString(), mode)
        .with(path("notify").toString(), path("give").toString());
  }

  /// Returns how to run a command as the service.
  ///
  /// @param capacity what systemd 254 and later tell the service; 0 for an older one
  Command launcher(int capacity) {
    return python("launch").with(Integer.toString(capacity));
  }

  /// Returns what the service has said, a line each.
  String said() throws IOException {
    return Files.readString(path("log"));
  }

  @Override
  public void close() throws IOException {
    process.close();
    scratch.close();
  }
}
