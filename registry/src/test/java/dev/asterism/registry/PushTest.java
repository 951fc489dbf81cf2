package dev.asterism.registry;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.testkit.process.Machine;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Pushing to Debian's `docker-registry`, which wants a password, through a relay that can cut.
@Tag("kernel")
@Timeout(300)
class PushTest {
  /// bcrypt of "pass", at the lowest cost that there is.
  private static final String HASH = "$2b$04$gdcHsAaXWSxSymmKu.peL.vJOK4g/md0mwcYERD6bpIQtvz.Qwle6";

  private static final int SIZE = 40 << 20; // 40 MiB, so three chunks

  @TempDir Path folder;

  private Process registry;
  private Relay relay;
  private RegistryClient client;
  private final byte[] bytes = new byte[SIZE];
  private Digest digest;

  @BeforeEach
  void start() throws Exception {
    Machine.requireRootAnd("docker-registry");
    new Random(7).nextBytes(bytes);
    digest = Digest.of(bytes);
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.ofLiteral("127.0.0.1"))) {
      port = free.getLocalPort();
    }
    Path passwords = Files.writeString(folder.resolve("htpasswd"), "user:" + HASH + "\n");
    Path config =
        Files.writeString(
            folder.resolve("config.yml"),
            """
            version: 0.1
            log: {level: error}
            storage: {filesystem: {rootdirectory: %s}}
            http: {addr: "127.0.0.1:%d", relativeurls: true}
            auth: {htpasswd: {realm: test, path: %s}}
            """
                .formatted(folder.resolve("storage"), port, passwords));
    registry =
        new ProcessBuilder("docker-registry", "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("log").toFile())
            .start();
    while (!answers(port)) {
      assertThat(registry.waitFor(50, TimeUnit.MILLISECONDS)).isFalse();
    }
    relay = new Relay(port);
    client = client(_ -> Optional.of(new Credential.Basic("user", "pass")));
  }

  private static boolean answers(int port) {
    try (Socket _ = new Socket(InetAddress.ofLiteral("127.0.0.1"), port)) {
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  private static RegistryClient client(Credentials credentials) {
    return new RegistryClient(
        Hosts.standard(), credentials, RequestPolicy.DEFAULT, InstantSource.system());
  }

  @AfterEach
  void stop() throws Exception {
    if (client != null) {
      client.close();
    }
    if (relay != null) {
      relay.close();
    }
    if (registry != null) {
      registry.destroyForcibly().waitFor();
    }
  }

  private ImageReference reference(String name) {
    return ImageReference.parse("127.0.0.1:%d/%s".formatted(relay.port(), name));
  }

  @Test
  void push_blobOfSeveralChunks_isReadBack() throws Exception {
    RepositoryWriter writer = client.writer(reference("a:1"));
    assertThat(writer.hasBlob(digest)).isFalse();
    List<Long> progress = new ArrayList<>();
    writer.push(digest, new Bytes(bytes), progress::add);
    assertThat(writer.hasBlob(digest)).isTrue();
    assertThat(progress).isSorted().endsWith((long) SIZE).hasSizeGreaterThan(2);
    Blob back = client.blob(reference("a:1"), digest, OptionalLong.of(SIZE));
    assertThat(Digest.of(back.read(new ByteRange(0, SIZE)))).isEqualTo(digest);
  }

  @Test
  void push_connectionThatIsCut_isMadeAgain() throws Exception {
    relay.cutAfter(25 << 20); // in the second chunk
    client.writer(reference("a:1")).push(digest, new Bytes(bytes), _ -> {});
    assertThat(client.writer(reference("a:1")).hasBlob(digest)).isTrue();
    assertThat(relay.cuts()).isEqualTo(1);
    // This registry loses an upload with a chunk that was cut off.
    assertThat(relay.sent()).isLessThan(SIZE + (26L << 20));
  }

  @Test
  void mount_blobOfAnotherRepository_sendsNothing() throws Exception {
    client.writer(reference("a:1")).push(digest, new Bytes(bytes), _ -> {});
    long before = relay.sent();
    RepositoryWriter other = client.writer(reference("b/c:1"));
    assertThat(other.mount(digest, "a")).isTrue();
    assertThat(other.mount(Digest.of(new byte[3]), "a")).isFalse();
    assertThat(other.hasBlob(digest)).isTrue();
    assertThat(relay.sent() - before).isLessThan(20_000);
  }

  @Test
  void putManifest_ofWhatWasPushed_isResolved() throws Exception {
    RepositoryWriter writer = client.writer(reference("a:1"));
    byte[] config = "{\"os\":\"linux\"}".getBytes(UTF_8);
    writer.push(Digest.of(config), new Bytes(config), _ -> {});
    byte[] manifest =
        """
        {"schemaVersion":2,"mediaType":"%s","layers":[],
         "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d}}
        """
            .formatted(Manifest.IMAGE_TYPES.getFirst(), Digest.of(config), config.length)
            .getBytes(UTF_8);
    writer.putManifest("1", Manifest.IMAGE_TYPES.getFirst(), manifest);
    assertThat(client.resolve(reference("a:1"), Platform.host()).manifestDigest())
        .isEqualTo(Digest.of(manifest));
    assertThat(writer.hasManifest(Digest.of(manifest))).isTrue();
    assertThat(client.document(reference("a:1")).bytes()).isEqualTo(manifest);
  }

  @Test
  void push_wrongContentOrSourceThatFails_leavesNoBlob() throws IOException {
    RepositoryWriter writer = client.writer(reference("a:1"));
    byte[] other = new byte[1000];
    assertThatThrownBy(() -> writer.push(digest, new Bytes(other), _ -> {}))
        .isInstanceOf(RegistryException.class);
    assertThatThrownBy(() -> writer.push(digest, new Bytes(bytes, 20 << 20), _ -> {}))
        .hasMessage("the disk is gone");
    assertThat(folder.resolve("storage/docker/registry/v2/blobs/sha256")).doesNotExist();
  }

  @Test
  void push_withoutThePassword_isRefused() throws IOException {
    try (RegistryClient stranger = client(Credentials.anonymous())) {
      RepositoryWriter writer = stranger.writer(reference("a:1"));
      assertThatThrownBy(() -> writer.push(digest, new Bytes(bytes), _ -> {}))
          .isInstanceOfSatisfying(
              RegistryException.class, e -> assertThat(e.status()).hasValue(401));
    }
  }

  /// Bytes in memory, of which reading may fail at some point.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Bytes(byte[] bytes, int failAt) implements Blob {
    Bytes(byte[] bytes) {
      this(bytes, Integer.MAX_VALUE);
    }

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public InputStream open(ByteRange range) {
      InputStream all = new ByteArrayInputStream(bytes, (int) range.start(), (int) range.length());
      return new FilterInputStream(all) {
        private long at = range.start();

        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
          if (at >= failAt) {
            throw new IOException("the disk is gone");
          }
          int n = in.read(target, offset, length);
          at += n;
          return n;
        }
      };
    }
  }

  /// Passes connections on to a port, and may drop one of them.
  private static final class Relay implements AutoCloseable {
    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.ofLiteral("127.0.0.1"));
    private final int target;
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong cutAt = new AtomicLong(Long.MAX_VALUE);
    private final AtomicLong cuts = new AtomicLong();
    private final Thread acceptor = Thread.ofVirtual().unstarted(this::accept);

    private Relay(int target) throws IOException {
      this.target = target;
      acceptor.start();
    }

    int port() {
      return server.getLocalPort();
    }

    long sent() {
      return sent.get();
    }

    long cuts() {
      return cuts.get();
    }

    void cutAfter(long bytes) {
      cutAt.set(bytes);
    }

    private void accept() {
      try {
        while (true) {
          Socket client = server.accept();
          Socket there = new Socket(InetAddress.ofLiteral("127.0.0.1"), target);
          Thread.ofVirtual().start(() -> pump(client, there, true));
          Thread.ofVirtual().start(() -> pump(there, client, false));
        }
      } catch (IOException _) {
        // closed
      }
    }

    private void pump(Socket from, Socket to, boolean counted) {
      byte[] buffer = new byte[64 << 10];
      try (from;
          to) {
        for (int n = from.getInputStream().read(buffer);
            n >= 0;
            n = from.getInputStream().read(buffer)) {
          if (counted && sent.addAndGet(n) >= cutAt.get()) {
            cutAt.set(Long.MAX_VALUE);
            cuts.incrementAndGet();
            return;
          }
          to.getOutputStream().write(buffer, 0, n);
        }
      } catch (IOException _) {
        // either side has gone: so does the other
      }
    }

    @Override
    public void close() throws IOException {
      server.close();
    }
  }
}
