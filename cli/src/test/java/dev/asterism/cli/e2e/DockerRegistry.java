package dev.asterism.cli.e2e;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.TestAuthority;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Debian's docker-registry on a port of 127.0.0.1. Confined to one thread.
final class DockerRegistry implements AutoCloseable {
  private static final Pattern LISTENING = Pattern.compile("listening on 127\\.0\\.0\\.1:(\\d+)");

  /// The access log: request, status, bytes, referrer, and our own name as the client's.
  private static final Pattern ACCESS =
      Pattern.compile("\"(?:GET|HEAD) /v2/\\S+ HTTP/1\\.1\" \\d+ (\\d+) \"\" \"asterism");

  private static final long PAUSE = 10; // milliseconds between two looks at the log

  private final ScratchFolder scratch;
  private final Path storage;
  private final boolean readOnly;
  private final Optional<TokenService> tokens;
  private final Optional<Door> door;
  private final Path log;
  private Process process;
  private int port;

  /// What Asterism has asked for and got, other clients not counted. Immutable.
  ///
  /// @param bytes of all answers' bodies
  record Traffic(long requests, long bytes) {
    Traffic since(Traffic earlier) {
      return new Traffic(requests - earlier.requests, bytes - earlier.bytes);
    }
  }

  /// How it is reached and by whom. Immutable.
  ///
  /// @param server its certificate: it speaks TLS
  /// @param clients file of the authority that vouches for those who may ask; empty for all
  /// @param users file of names and passwords as `htpasswd -B` writes it; empty for nobody's
  record Door(TestAuthority.PemFiles server, Optional<Path> clients, Optional<Path> users) {
    private String tls() {
      return """
        tls:
          certificate: %s
          key: %s
      """
              .formatted(server.certificate(), server.key())
          + clients.map("    clientcas: [%s]\n"::formatted).orElse("");
    }

    private String access() {
      return users
          .map(
              """
              auth:
                htpasswd:
                  realm: test
                  path: %s
              """
                  ::formatted)
          .orElse("");
    }
  }

  private DockerRegistry(
      ScratchFolder scratch,
      Path storage,
      boolean readOnly,
      Optional<TokenService> tokens,
      Optional<Door> door)
      throws IOException, InterruptedException {
    this.scratch = scratch;
    this.storage = storage;
    this.readOnly = readOnly;
    this.tokens = tokens;
    this.door = door;
    this.log = scratch.path().resolve("log");
    this.process = launch();
    this.port = awaitPort();
  }

  /// Starts one over a storage folder, which nobody can write to.
  static DockerRegistry start(Path storage) throws IOException, InterruptedException {
    return start(storage, true, Optional.empty(), Optional.empty());
  }

  /// Starts one over an empty folder, to be pushed to.
  static DockerRegistry startWritable(Path storage) throws IOException, InterruptedException {
    return start(storage, false, Optional.empty(), Optional.empty());
  }

  /// Starts one that nobody can write to, and reads only with a token of a service.
  static DockerRegistry start(Path storage, TokenService tokens)
      throws IOException, InterruptedException {
    return start(storage, true, Optional.of(tokens), Optional.empty());
  }

  /// Starts one to be pushed to by those who come through its door.
  static DockerRegistry startBehind(Door door, Path storage)
      throws IOException, InterruptedException {
    return start(storage, false, Optional.empty(), Optional.of(door));
  }

  private static DockerRegistry start(
      Path storage, boolean readOnly, Optional<TokenService> tokens, Optional<Door> door)
      throws IOException, InterruptedException {
    ScratchFolder scratch = ScratchFolder.create("asterism-registry");
    try {
      return new DockerRegistry(scratch, storage, readOnly, tokens, door);
    } catch (IOException | InterruptedException e) {
      scratch.close();
      throw e;
    }
  }

  /// Returns its address, e.g. `127.0.0.1:5000`.
  String host() {
    return "127.0.0.1:" + port;
  }

  /// Returns how to name an image of it, e.g. `127.0.0.1:5000/tools:1`.
  String reference(String image) {
    return host() + "/" + image;
  }

  /// Tells whether it has not been ended.
  boolean isRunning() {
    return process.isAlive();
  }

  /// Ends it: connections are refused.
  void stop() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /// Is there again, at the same port.
  void restart() throws IOException, InterruptedException {
    process = launch();
    port = awaitPort();
  }

  /// Returns what it has logged since the last start, a line for each request.
  String log() throws IOException {
    return Files.readString(log, StandardCharsets.ISO_8859_1);
  }

  /// Returns what Asterism has fetched since the last start.
  Traffic traffic() throws IOException {
    Matcher access = ACCESS.matcher(Files.readString(log, StandardCharsets.ISO_8859_1));
    long[] sums = new long[2];
    access
        .results()
        .forEach(line -> {
          sums[0]++;
          sums[1] += Long.parseLong(line.group(1));
        });
    return new Traffic(sums[0], sums[1]);
  }

  private Process launch() throws IOException {
    Path config = scratch.path().resolve("config.yaml");
    Files.writeString(
        config,
        """
        version: 0.1
        storage:
          filesystem:
            rootdirectory: %s
          maintenance:
            readonly:
              enabled: %s
        http:
          addr: 127.0.0.1:%d
        """
                .formatted(storage, readOnly, port)
            + door.map(Door::tls).orElse("")
            + door.map(Door::access).orElse("")
            + (tokens.isPresent() ? tokens.get().registrySettings(scratch.path()) : ""));
    ProcessBuilder builder =
        Command.of("setsid", "docker-registry", "serve", config.toString()).builder();
    return builder.redirectErrorStream(true).redirectOutput(log.toFile()).start();
  }

  private int awaitPort() throws IOException, InterruptedException {
    while (true) {
      Matcher listening = LISTENING.matcher(Files.readString(log));
      if (listening.find()) {
        return Integer.parseInt(listening.group(1));
      }
      if (process.waitFor(PAUSE, TimeUnit.MILLISECONDS)) {
        throw new IOException("docker-registry ended: " + Files.readString(log));
      }
    }
  }

  @Override
  public void close() throws IOException {
    process.destroyForcibly();
    scratch.close();
  }
}
