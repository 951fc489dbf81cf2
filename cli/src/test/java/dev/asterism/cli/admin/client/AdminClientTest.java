package dev.asterism.cli.admin.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What a command makes of a daemon's answer.
@Timeout(60)
class AdminClientTest {
  private static final String ANSWER = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n0123456789";

  @TempDir private Path folder;
  private Path socket;
  private ServerSocketChannel server;

  @BeforeEach
  void start() throws IOException {
    socket = folder.resolve("admin.sock");
    server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofVirtual().start(this::serve);
  }

  @AfterEach
  void end() throws IOException {
    server.close();
  }

  private void serve() {
    try {
      while (true) {
        try (SocketChannel asker = server.accept()) {
          asker.read(ByteBuffer.allocate(4096));
          asker.write(ByteBuffer.wrap(ANSWER.getBytes(StandardCharsets.US_ASCII)));
        }
      }
    } catch (IOException _) {
      // closed
    }
  }

  @Test
  void get_answerLongerThanIsTaken_saysSoInsteadOfCuttingIt() throws IOException {
    assertThat(new AdminClient(socket, 10).get("/v1/x")).isEqualTo("0123456789");
    assertThatThrownBy(() -> new AdminClient(socket, 9).get("/v1/x"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("/v1/x")
        .hasMessageContaining("9 bytes");
  }
}
