package dev.asterism.estargz;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.ByteRange;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarReader;
import dev.asterism.estargz.tar.TarSamples;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.LongStream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Decoders get real input with random damage: they give values or throw `IOException`, nothing
/// else. Any other exception fails the test and names the seed.
class HostileInputTest {
  private static final int ROUNDS = 400;
  private static final List<String> TOKENS =
      List.of(
          "null",
          "-1",
          "0",
          "{}",
          "[]",
          "\"\"",
          "true",
          "1e9",
          "9223372036854775807",
          "}",
          "]",
          "\"chunk\"",
          "\"reg\"",
          "\"name\"",
          ",",
          ":",
          "\\u0000",
          "..",
          "/");

  static LongStream seeds() {
    long fresh = System.nanoTime();
    System.out.println("test.seed=" + fresh);
    return LongStream.of(1, 2, 3, fresh);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void locate_damagedFooter_throwsNothingElse(long seed) throws IOException {
    RandomGenerator random = generator(seed);
    byte[] blob = layer();
    for (int i = 0; i < ROUNDS; i++) {
      byte[] tail = Arrays.copyOfRange(blob, blob.length - 51, blob.length);
      damage(random, tail);
      attempt(() -> TocLocator.locate(TestBlob.concat(new byte[random.nextInt(100)], tail)));
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void read_damagedBlob_throwsNothingElse(long seed) throws IOException {
    RandomGenerator random = generator(seed);
    byte[] blob = layer();
    for (int i = 0; i < ROUNDS; i++) {
      byte[] damaged = blob.clone();
      damage(random, damaged);
      attempt(() -> new TestBlob(damaged).entries());
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void read_damagedZstdChunked_throwsNothingElse(long seed) throws IOException {
    RandomGenerator random = generator(seed);
    byte[] blob = layer(MemberEncoder.ZSTD);
    for (int i = 0; i < ROUNDS; i++) {
      byte[] damaged = blob.clone();
      damage(random, damaged);
      attempt(() -> readAll(new TestBlob(damaged)));
      byte[] footer = Arrays.copyOfRange(blob, blob.length - 64, blob.length);
      damage(random, footer);
      attempt(() -> TocLocator.locate(TestBlob.concat(new byte[random.nextInt(100)], footer)));
    }
    readAll(new TestBlob(blob));
  }

  /// Reads every chunk, each for itself.
  private static void readAll(TestBlob blob) throws IOException {
    long end = TocLocator.locate(blob).tocOffset();
    for (TocEntry entry : blob.entries()) {
      if (entry instanceof TocEntry.RegularFile file) {
        for (Chunk chunk : file.chunks()) {
          ByteRange member = new ByteRange(chunk.blobOffset(), end);
          try (MemberReader reader = new MemberReader(blob.open(member), member)) {
            reader.start(member);
            Assertions.assertThat(reader.read(chunk.innerOffset(), chunk.size()))
                .hasSize(chunk.size());
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void read_damagedJson_throwsNothingElse(long seed) throws IOException {
    RandomGenerator random = generator(seed);
    String json = toc();
    for (int i = 0; i < ROUNDS; i++) {
      byte[] damaged = damageText(random, json).getBytes(UTF_8);
      if (random.nextBoolean()) {
        damage(random, damaged);
      }
      attempt(() -> TestBlob.withToc(damaged, Footer.of(TestBlob.TOC_OFFSET)).entries());
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void convert_damagedTar_throwsNothingElse(long seed) throws IOException {
    RandomGenerator random = generator(seed);
    byte[] tar = tar();
    for (int i = 0; i < ROUNDS; i++) {
      byte[] damaged = tar.clone();
      damage(random, damaged);
      EstargzOptions options = EstargzOptions.DEFAULT.withLevel(1);
      attempt(() ->
          EstargzWriter.convert(
              new ByteArrayInputStream(damaged), options, new ByteArrayOutputStream()));
      attempt(() ->
          EstargzWriter.convert(
              new TestBlob(damaged),
              options.withPrioritized(List.of("h")),
              new ByteArrayOutputStream()));
    }
  }

  private interface Attempt {
    void run() throws IOException;
  }

  private static void attempt(Attempt attempt) {
    try {
      attempt.run();
    } catch (IOException _) {
      // the one way for a decoder to fail
    } catch (RuntimeException e) {
      Assertions.fail("not an IOException", e);
    }
  }

  private static void damage(RandomGenerator random, byte[] bytes) {
    int count = 1 + random.nextInt(4);
    for (int i = 0; i < count; i++) {
      int at = random.nextInt(bytes.length);
      switch (random.nextInt(3)) {
        case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
        case 1 -> bytes[at] = (byte) random.nextInt();
        default ->
            Arrays.fill(bytes, at, Math.min(bytes.length, at + random.nextInt(20)), (byte) '7');
      }
    }
  }

  private static String damageText(RandomGenerator random, String json) {
    StringBuilder text = new StringBuilder(json);
    int count = 1 + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      int at = random.nextInt(text.length());
      int end = Math.min(text.length(), at + random.nextInt(12));
      text.replace(at, end, TOKENS.get(random.nextInt(TOKENS.size())));
    }
    return text.toString();
  }

  private static RandomGenerator generator(long seed) {
    return RandomGeneratorFactory.of("Xoshiro256PlusPlus").create(seed);
  }

  private static byte[] layer() throws IOException {
    return layer(MemberEncoder.ZLIB);
  }

  private static byte[] layer(MemberEncoder encoder) throws IOException {
    ByteArrayOutputStream blob = new ByteArrayOutputStream();
    EstargzOptions options = EstargzOptions.DEFAULT.withEncoder(encoder, 1).withChunkSize(1000);
    EstargzWriter.convert(new ByteArrayInputStream(tar()), options, blob);
    return blob.toByteArray();
  }

  private static String toc() throws IOException {
    TestBlob blob = new TestBlob(layer());
    TocLocation location = TocLocator.locate(blob);
    try (MemberInflater member =
        new MemberInflater(blob.open(location.range()), location.range())) {
      member.start(location.range());
      TarReader reader = new TarReader(new TocStream(member, 0, TocLimits.DEFAULT));
      Optional<TarEntry> entry = reader.next();
      Assertions.assertThat(entry).isPresent();
      return new String(reader.content().readAllBytes(), UTF_8);
    }
  }

  private static byte[] tar() throws IOException {
    return TarSamples.everyType();
  }
}
