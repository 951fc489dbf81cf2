package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.estargz.EstargzOptions;
import dev.asterism.registry.Descriptor;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Layers piped through a program: the machine's gzip, and shell scripts that are no good.
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class GzipHelperTest {
  private static final String PATH = System.getenv().getOrDefault("PATH", "/usr/bin:/bin");

  @TempDir Path folder;

  private byte[] tar = new byte[0];

  @BeforeEach
  void tar() {
    // Much more than pipes and queue hold, in both directions.
    tar = RandomTrees.content(Seeds.generator(1), 5 << 20); // 5 MiB
  }

  @AfterEach
  void nothingGoesOn() {
    assertThat(ProcessHandle.current().children()).isEmpty();
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.isAlive() && thread.getName().startsWith("/"));
  }

  @Test
  void plain_ofSeveralMembers_isWhatWasCompressed() throws IOException {
    byte[] layer = join(gzip(tar), gzip("the second member".getBytes(UTF_8)));
    assertThat(inflate(GzipHelper.find("gzip", PATH), layer))
        .isEqualTo(join(tar, "the second member".getBytes(UTF_8)));
  }

  @Test
  void plain_layerThatIsNotGzip_doesNotAskTheProgram() throws IOException {
    GzipHelper helper = script("exit 3");
    assertThat(inflate(helper, tar)).isEqualTo(tar);
    assertThat(inflate(helper, new byte[1])).isEqualTo(new byte[1]);
  }

  @Test
  void plain_damagedOrCutOff_isTheProgramsError() throws IOException {
    byte[] layer = gzip(tar);
    byte[] damaged = layer.clone();
    Arrays.fill(damaged, layer.length / 2, layer.length / 2 + 64, (byte) 0xff);
    GzipHelper gzip = GzipHelper.find("gzip", PATH);
    for (byte[] bad : new byte[][] {damaged, Arrays.copyOf(layer, layer.length - 9)}) {
      assertThatThrownBy(() -> inflate(gzip, bad))
          .isInstanceOf(IOException.class)
          .hasMessageMatching("(?s)/.*/gzip failed with exit code 1: .*gzip: .+");
    }
  }

  @Test
  void plain_programThatEndsEarly_isAnErrorThoughItWroteSomething() throws IOException {
    byte[] layer = gzip(tar);
    assertThatThrownBy(() -> inflate(script("echo some bytes; echo no more >&2; exit 7"), layer))
        .hasMessageEndingWith("helper failed with exit code 7: no more");
    assertThatThrownBy(() -> inflate(script("kill -KILL $$"), layer))
        .hasMessageContaining("exit code 137");
  }

  @Test
  void plain_sourceThatFails_isItsError() throws IOException {
    InputStream broken =
        new InputStream() {
          @Override
          public int read() throws IOException {
            throw new IOException("the registry is gone");
          }

          @Override
          public int read(byte[] target, int offset, int length) throws IOException {
            return read();
          }
        };
    byte[] start = Arrays.copyOf(gzip(tar), 300_000);
    GzipHelper gzip = GzipHelper.find("gzip", PATH);
    try (InputStream in = new SequenceInputStream(new ByteArrayInputStream(start), broken);
        InputStream plain = gzip.plain(in)) {
      assertThatThrownBy(plain::readAllBytes).hasMessage("the registry is gone");
    }
  }

  @Test
  void close_inTheMiddle_endsTheProgram() throws IOException {
    GzipHelper gzip = GzipHelper.find("gzip", PATH);
    try (InputStream plain = gzip.plain(new ByteArrayInputStream(gzip(tar)))) {
      assertThat(plain.readNBytes(1000)).isEqualTo(Arrays.copyOf(tar, 1000));
    }
    GzipHelper babbling = script("sleep 1000 & yes");
    try (InputStream plain = babbling.plain(new ByteArrayInputStream(gzip(tar)))) {
      assertThat(plain.read()).isEqualTo('y');
    }
  }

  @Test
  void read_interrupted_endsAndLeavesNothing() throws IOException {
    GzipHelper hanging = script("echo ready; exec sleep 1000");
    Thread me = Thread.currentThread();
    try (InputStream plain = hanging.plain(new ByteArrayInputStream(gzip(tar)))) {
      assertThat(plain.readNBytes(6)).isEqualTo("ready\n".getBytes(UTF_8));
      Thread other = Thread.ofPlatform().start(me::interrupt);
      assertThatThrownBy(plain::read).isInstanceOf(InterruptedIOException.class);
      assertThat(other).isNotNull();
    }
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void find_programThatIsNotThere_isRefused() throws IOException {
    Path noProgram = Files.writeString(folder.resolve("text"), "#!/bin/sh\n");
    for (String name : new String[] {"", "no-such-program", "text", noProgram.toString()}) {
      assertThatThrownBy(() -> GzipHelper.find(name, "/bin:" + folder))
          .isInstanceOf(FileNotFoundException.class)
          .hasMessageContaining(name);
    }
  }

  @Test
  void convert_withHelper_givesTheSameImage() throws IOException {
    Layout source = new Layout(folder.resolve("source"));
    source.tag(
        "1",
        source.image(
            "amd64",
            source.gzip(RandomTrees.layer(Seeds.generator(3), 60, 9000)),
            source.zstd(RandomTrees.layer(Seeds.generator(4), 20, 9000))));
    assertThat(convert(source, GzipHelper.find("gzip", PATH)))
        .isEqualTo(convert(source, Inflation.HERE));
    assertThatThrownBy(() -> convert(source, script("exit 5")))
        .hasMessageContainingAll("layer 1 of 2", "helper failed with exit code 5");
    try (Stream<Path> left = Files.list(folder.resolve("spools"))) {
      assertThat(left).isEmpty();
    }
  }

  private Descriptor convert(Layout source, Inflation inflation) throws IOException {
    Path target = Files.createTempDirectory(folder, "target");
    try (ImageSource from = source.open("1");
        ImageSink to = LayoutSink.open(target, Optional.of("1"))) {
      Converter converter =
          new Converter(
              EstargzOptions.DEFAULT,
              inflation,
              FileOrder.NONE,
              1 << 20,
              2,
              folder.resolve("spools"),
              Optional.empty(),
              false);
      return converter.convert(
          from, to, new TransferOptions(new Platforms.All(), false, 2), TransferListener.NONE);
    }
  }

  private static byte[] inflate(GzipHelper helper, byte[] layer) throws IOException {
    try (InputStream plain = helper.plain(new ByteArrayInputStream(layer))) {
      return plain.readAllBytes();
    }
  }

  private GzipHelper script(String text) throws IOException {
    Path script = folder.resolve("helper");
    Files.writeString(script, "#!/bin/sh\n" + text + "\n");
    assertThat(script.toFile().setExecutable(true)).isTrue();
    return GzipHelper.find(script.toString(), "");
  }

  private static byte[] gzip(byte[] bytes) throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(out)) {
      gzip.write(bytes);
    }
    return out.toByteArray();
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] both = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }
}
