package dev.asterism.testkit.process;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;

/// A long-running program that answers on a unix socket.
///
/// It has a session of its own, so Ctrl-C reaches it only through whoever holds this.
public final class Daemon implements AutoCloseable {
  private static final Duration START = Duration.ofMinutes(3);
  private static final Duration STOP = Duration.ofSeconds(60);
  private static final long PAUSE = 10; // milliseconds between two attempts to connect

  private final Process process;

  private Daemon(Process process) {
    this.process = process;
  }

  /// Starts `command` with its output in `log` and waits until `socket` accepts a connection.
  ///
  /// @throws IOException if it ends or does not listen within three minutes; it is gone then, and
  ///   the message has the end of its log
  public static Daemon start(Command command, Path socket, Path log)
      throws IOException, InterruptedException {
    ProcessBuilder builder = command.builder();
    builder.command().addFirst("setsid");
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    Daemon daemon = new Daemon(builder.start());
    try {
      daemon.awaitSocket(socket);
      return daemon;
    } catch (IOException e) {
      daemon.close();
      throw new IOException("%s: %s: %s".formatted(command, e.getMessage(), tail(log)), e);
    } catch (InterruptedException e) {
      daemon.close();
      throw e;
    }
  }

  /// Returns its process id.
  public long pid() {
    return process.pid();
  }

  /// Tells whether it has not ended.
  public boolean isAlive() {
    return process.isAlive();
  }

  /// Sends SIGKILL and waits for its end.
  public void kill() throws InterruptedException {
    process.destroyForcibly().waitFor();
  }

  /// Sends SIGTERM, waits a minute for its end, then kills it.
  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(STOP.toMillis(), TimeUnit.MILLISECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException _) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }

  private void awaitSocket(Path socket) throws IOException, InterruptedException {
    Instant deadline = Instant.now().plus(START);
    while (!accepts(socket)) {
      if (process.waitFor(PAUSE, TimeUnit.MILLISECONDS)) {
        throw new IOException("ended with exit code " + process.exitValue());
      }
      if (Instant.now().isAfter(deadline)) {
        throw new IOException("does not listen on " + socket);
      }
    }
  }

  private static boolean accepts(Path socket) {
    try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException _) {
      return false;
    }
  }

  private static String tail(Path log) throws IOException {
    String text = Files.readString(log);
    return text.substring(Math.max(0, text.length() - 2000)).strip();
  }
}
