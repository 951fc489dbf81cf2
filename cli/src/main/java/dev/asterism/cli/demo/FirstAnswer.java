package dev.asterism.cli.demo;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;

/// Waits for a service on loopback to say something.
final class FirstAnswer {
  private static final Duration LIMIT = Duration.ofMinutes(5);
  private static final Duration PAUSE = Duration.ofMillis(5); // between two attempts to connect
  private static final int ANSWER_LIMIT = 30_000; // milliseconds
  private static final int LARGEST = 1 << 16; // bytes of an answer

  private FirstAnswer() {}

  /// Returns a port that nobody uses now.
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  /// Asks until there is an answer, and returns its body.
  ///
  /// @throws IOException if there is none within five minutes
  static String await(int port) throws IOException, InterruptedException {
    Instant deadline = Instant.now().plus(LIMIT);
    while (Instant.now().isBefore(deadline)) {
      try {
        return ask(port);
      } catch (ConnectException _) {
        Thread.sleep(PAUSE);
      }
    }
    throw new IOException("the service did not answer within " + LIMIT);
  }

  private static String ask(int port) throws IOException {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
      socket.setSoTimeout(ANSWER_LIMIT);
      socket
          .getOutputStream()
          .write(
              "GET / HTTP/1.1\r\nHost: demo\r\nConnection: close\r\n\r\n"
                  .getBytes(StandardCharsets.US_ASCII));
      byte[] answer = socket.getInputStream().readNBytes(LARGEST);
      String text = new String(answer, StandardCharsets.UTF_8);
      int body = text.indexOf("\r\n\r\n");
      if (!text.startsWith("HTTP/1.1 200") || body < 0) {
        throw new IOException("the service answered: " + text.lines().findFirst().orElse(""));
      }
      return text.substring(body).strip();
    }
  }
}
