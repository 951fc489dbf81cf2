package dev.asterism.containerd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.images.Document;
import dev.asterism.images.ImageSource;
import dev.asterism.registry.Descriptor;
import dev.asterism.testkit.containerd.PrivateContainerd;
import dev.asterism.testkit.layer.MemoryBlob;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// Blobs that are written into a real containerd.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ContainerdSinkTest {
  private final Cleanup cleanup = Cleanup.open();
  private PrivateContainerd containerd;
  private ContainerdSource anywhere;

  @BeforeAll
  void start() throws IOException, InterruptedException {
    Machine.requireRootAnd("containerd", "ctr");
    ScratchFolder scratch = ScratchFolder.create("asterism-sink");
    cleanup.add(scratch::close);
    containerd = PrivateContainerd.start(scratch.path().resolve("containerd"));
    cleanup.add(containerd::close);
    anywhere = new ContainerdSource(Connection.to(address()), new ImageName("example/a:1"));
    cleanup.add(anywhere::close);
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  private ContainerdSink sink() throws IOException {
    return ContainerdSink.begin(Connection.to(address()), new ImageName("example/a:1"), Map.of());
  }

  private ContainerdAddress address() {
    return new ContainerdAddress(containerd.socket(), "default");
  }

  private static Descriptor descriptor(byte[] bytes) {
    return new Descriptor("application/octet-stream", Digest.of(bytes), bytes.length, Map.of());
  }

  @Test
  void put_afterAnInterruptedWrite_goesOnWhereItEnded() throws IOException {
    byte[] bytes = RandomTrees.content(Seeds.generator(1), 5 << 20);
    Descriptor blob = descriptor(bytes);
    try (ContainerdSink sink = sink()) {
      assertThatThrownBy(() -> sink.put(blob, new CutOff(bytes, 3 << 20), _ -> {}))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("cut off");
      List<Long> steps = new ArrayList<>();

      sink.put(blob, new MemoryBlob(bytes), steps::add);

      assertThat(steps).containsExactly((4L << 20), (5L << 20));
      assertThat(sink.has(blob, anywhere)).isTrue();
    }
  }

  @Test
  void put_ofOtherBytesThanTheDigest_isRefusedAndGoneAtTheEnd()
      throws IOException, InterruptedException {
    byte[] bytes = RandomTrees.content(Seeds.generator(2), 100_000);
    Descriptor blob = descriptor(bytes);
    byte[] wrong = bytes.clone();
    wrong[7]++;
    try (ContainerdSink sink = sink()) {
      assertThatThrownBy(() -> sink.put(blob, new MemoryBlob(wrong), _ -> {}))
          .isInstanceOf(IOException.class)
          .hasMessageContaining(blob.digest().toString());
      assertThat(sink.has(blob, anywhere)).isFalse();
    }
    assertThat(containerd.ctr("content", "active").runOrThrow().text().lines()).hasSize(1);
  }

  @Test
  void close_withoutAName_leavesNoContent() throws IOException, InterruptedException {
    byte[] bytes = RandomTrees.content(Seeds.generator(3), 100_000);
    try (ContainerdSink sink = sink()) {
      sink.put(descriptor(bytes), new MemoryBlob(bytes), _ -> {});
      assertThat(containerd.ctr("leases", "ls").runOrThrow().text())
          .contains("containerd.io/gc.expire=");
    }
    assertThat(containerd.ctr("content", "ls", "-q").runOrThrow().text())
        .doesNotContain(Digest.of(bytes).toString());
    assertThat(containerd.ctr("leases", "ls", "-q").runOrThrow().text()).isBlank();
  }

  @Test
  void collection_whileAnImageIsHalfWritten_leavesIt() throws IOException, InterruptedException {
    byte[] whole = RandomTrees.content(Seeds.generator(4), 100_000);
    byte[] half = RandomTrees.content(Seeds.generator(5), 3 << 20);
    try (ContainerdSink sink = sink()) {
      sink.put(descriptor(whole), new MemoryBlob(whole), _ -> {});
      assertThatThrownBy(() -> sink.put(descriptor(half), new CutOff(half, 2 << 20), _ -> {}))
          .hasMessageContaining("cut off");

      collectGarbage();

      assertThat(sink.has(descriptor(whole), anywhere)).isTrue();
      List<Long> steps = new ArrayList<>();
      sink.put(descriptor(half), new MemoryBlob(half), steps::add);
      assertThat(steps).containsExactly(3L << 20); // on from where it was
      collectGarbage();
      assertThat(sink.has(descriptor(half), anywhere)).isTrue();
    }
    collectGarbage();
    assertThat(containerd.ctr("content", "ls", "-q").runOrThrow().text())
        .doesNotContain(Digest.of(whole).toString(), Digest.of(half).toString());
  }

  private void collectGarbage() throws IOException, InterruptedException {
    String lease = containerd.ctr("leases", "create").runOrThrow().text().strip();
    containerd.ctr("leases", "delete", "--sync", lease).runOrThrow();
  }

  @Test
  void labels_sayWhatALayerUnpacksToAndAllThatItCameFrom()
      throws IOException, InterruptedException {
    byte[] bytes = RandomTrees.content(Seeds.generator(6), 1000);
    Digest diffId = Digest.of(new byte[] {1});
    try (ContainerdSink sink = sink()) {
      sink.put(descriptor(bytes), new MemoryBlob(bytes), _ -> {});
      sink.unpacksTo(Digest.of(bytes), diffId);
      sink.isFrom(Digest.of(bytes), anywhere);
      sink.isFrom(Digest.of(bytes), new Repository("one.example:5000/a/b"));
      sink.isFrom(Digest.of(bytes), new Repository("one.example:5000/c"));
      sink.isFrom(Digest.of(bytes), new Repository("one.example:5000/c"));
      assertThat(containerd.ctr("content", "ls").runOrThrow().text())
          .contains("containerd.io/uncompressed=" + diffId)
          .contains("containerd.io/distribution.source.one.example:5000=a/b,c");
    }
  }

  /// What only knows where it is.
  private record Repository(String name) implements ImageSource {
    @Override
    public Optional<String> repository() {
      return Optional.of(name);
    }

    @Override
    public Document root() {
      throw new UnsupportedOperationException();
    }

    @Override
    public Document document(Descriptor wanted) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Blob blob(Descriptor wanted) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  @Test
  void connection_whereNobodyListens_saysWhatToLookAt() {
    ContainerdAddress nowhere =
        new ContainerdAddress(containerd.root().resolve("nobody.sock"), "default");
    assertThatThrownBy(() -> new ContainerdStore(nowhere).sink("a:1"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("nobody.sock")
        .hasMessageContaining("--containerd-address");
  }

  /// Bytes that end with a failure.
  private static final class CutOff implements Blob {
    private final byte[] bytes;
    private final int after;

    private CutOff(byte[] bytes, int after) {
      this.bytes = bytes;
      this.after = after;
    }

    @Override
    public long size() {
      return bytes.length;
    }

    @Override
    public InputStream open(ByteRange range) {
      int start = (int) range.start();
      return new FilterInputStream(new ByteArrayInputStream(bytes, start, after - start)) {
        @Override
        public int read(byte[] target, int offset, int length) throws IOException {
          int n = length == 0 ? 0 : in.read(target, offset, length);
          if (n < 0) {
            throw new IOException("cut off");
          }
          return n;
        }
      };
    }
  }
}
