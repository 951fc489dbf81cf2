package dev.asterism.bench;

import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/// nginx before a docker-registry: it sends blobs from the registry's storage itself and passes on
/// everything else, as registries do that leave blobs to an object store.
///
/// A registry stands for another machine, and must not take the processors of those who are
/// measured. docker-registry reads 4 MiB into a new buffer for every range that it is asked for,
/// however short: some 6 ms of a processor, a hundred times what nginx takes.
final class BlobServer implements AutoCloseable {
  private static final int ATTEMPTS = 5; // another program may take the port that was free
  private static final Duration START = Duration.ofSeconds(30);
  private static final long PAUSE = 10; // milliseconds between two attempts to connect

  private final Process process;
  private final int port;

  private BlobServer(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /// Starts it on a free port of 127.0.0.1.
  ///
  /// @param folder an existing one, for its configuration and temporary files; stays the caller's
  /// @param log where it writes a line for every request when that has been answered, as Apache
  ///   does
  /// @param storage docker-registry's `rootdirectory`
  /// @param registry port of the docker-registry
  /// @throws IOException if it does not start; it is gone then
  static BlobServer start(Path folder, Path log, Path storage, int registry)
      throws IOException, InterruptedException {
    Path errors = folder.resolve("nginx.errors");
    for (int i = 0; i < ATTEMPTS; i++) {
      int port = freePort();
      String text = configuration(folder, log, storage, registry, port);
      Path file = Files.writeString(folder.resolve("nginx.conf"), text);
      Command command =
          Command.of("setsid", "nginx", "-e", errors.toString(), "-c", file.toString());
      ProcessBuilder builder = command.builder();
      builder.redirectErrorStream(true).redirectOutput(errors.toFile());
      BlobServer server = new BlobServer(builder.start(), port);
      if (server.isUp()) {
        return server;
      }
      server.close();
    }
    throw new IOException("nginx does not start: " + Files.readString(errors));
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static String configuration(Path folder, Path log, Path storage, int registry, int port) {
    return """
    daemon off;
    master_process off;
    pid %1$s/nginx.pid;
    error_log %1$s/nginx.errors;
    events {}
    http {
      access_log %2$s;
      default_type application/octet-stream;
      sendfile on;
      tcp_nopush on;
      keepalive_requests 1000000;
      client_max_body_size 0;
      client_body_temp_path %1$s/nginx.body;
      proxy_temp_path %1$s/nginx.proxy;
      fastcgi_temp_path %1$s/nginx.fastcgi;
      uwsgi_temp_path %1$s/nginx.uwsgi;
      scgi_temp_path %1$s/nginx.scgi;
      server {
        listen 127.0.0.1:%5$d;
        location / {
          proxy_pass http://127.0.0.1:%4$d;
          proxy_set_header Host $http_host;
          proxy_request_buffering off;
        }
        location ~ "^/v2/.+/blobs/sha256:([0-9a-f]{2})([0-9a-f]{62})$" {
          alias %3$s/docker/registry/v2/blobs/sha256/$1/$1$2/data;
        }
      }
    }
    """
        .formatted(folder, log, storage, registry, port);
  }

  private boolean isUp() throws InterruptedException {
    long end = System.nanoTime() + START.toNanos();
    while (process.isAlive() && System.nanoTime() < end) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        return process.isAlive(); // somebody else may listen there
      } catch (IOException _) {
        process.waitFor(PAUSE, TimeUnit.MILLISECONDS); // not yet
      }
    }
    return false;
  }

  /// Returns the port of 127.0.0.1 where it listens.
  int port() {
    return port;
  }

  /// Ends it, and waits for its end unless interrupted.
  @Override
  public void close() {
    process.destroyForcibly().onExit().join();
  }
}
