package dev.asterism.snapshotter;

import static java.lang.System.Logger.Level.DEBUG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The first connection to a server of our own, which has the classes loaded that every connection
/// needs: containerd gives one a second to be greeted, and then waits as long before it tries again.
final class Greeting {
  private static final System.Logger LOG = System.getLogger(Greeting.class.getName());

  private static final long PATIENCE_SECONDS = 5;

  /// What a client says first: the preface and an empty SETTINGS frame (RFC 9113, 3.4).
  private static final byte[] PREFACE =
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0"
          .getBytes(StandardCharsets.US_ASCII);

  private static final int FRAME_HEADER = 9;

  private Greeting() {}

  /// Waits until the server that listens on `socket` has greeted, or for 5 seconds.
  static void await(Path socket) {
    CompletableFuture<Void> greeted =
        CompletableFuture.runAsync(() -> greet(socket), Thread::startVirtualThread);
    try {
      greeted.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.log(DEBUG, () -> "the first connection will be slow cause=" + LogText.quote(e));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static void greet(Path socket) {
    try (SocketChannel client = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      client.write(ByteBuffer.wrap(PREFACE));
      client.read(ByteBuffer.allocate(FRAME_HEADER));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
