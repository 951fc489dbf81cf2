package dev.asterism.erofs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ErofsImageTest {
  private static final Attributes PLAIN = Attributes.of(0644, 0, 0, 0);

  @TempDir Path directory;

  @Test
  void find_everyNameOfALargeDirectory_findsIt() throws IOException {
    Path file = Images.write(CornerCases.tree(), directory, "image");
    try (ErofsImage image = ErofsImage.open(file)) {
      image.walk((path, nid, _) -> assertThat(image.find(path).orElseThrow()).isEqualTo(nid));
      long many = image.find(EntryPath.of("many")).orElseThrow();
      for (String absent : new String[] {"", ".", "..", "a", "file", "file20000", "z", "file0a"}) {
        assertThat(image.find(many, absent.getBytes(StandardCharsets.UTF_8))).isEmpty();
      }
      assertThat(image.find(EntryPath.of("sizes/0/x"))).isEmpty();
    }
  }

  @Test
  void list_fromAnyPosition_goesOnThere() throws IOException {
    TreeBuilder builder = new TreeBuilder();
    for (int i = 0; i < 1000; i++) {
      builder.emptyFile(EntryPath.of("!" + i), PLAIN);
      builder.emptyFile(EntryPath.of("f" + i), PLAIN);
    }
    try (ErofsImage image = ErofsImage.open(Images.write(builder.build(), directory, "image"))) {
      List<String> names = new ArrayList<>();
      List<Long> positions = new ArrayList<>(List.of(0L));
      image.list(
          image.root(),
          0,
          (name, _, type, next) -> {
            assertThat(type).isEqualTo(FileType.REGULAR);
            positions.add(next);
            return names.add(new String(name, StandardCharsets.UTF_8));
          });
      assertThat(names).hasSize(2000).isSorted();
      for (int from = 0; from <= names.size(); from += 7) {
        List<String> rest = new ArrayList<>();
        image.list(
            image.root(),
            positions.get(from),
            (name, _, _, _) -> {
              rest.add(new String(name, StandardCharsets.UTF_8));
              return rest.size() < 50;
            });
        assertThat(rest).isEqualTo(names.subList(from, Math.min(names.size(), from + 50)));
      }
    }
  }

  @Test
  void content_ofAFile_isWhereItsBytesAre() throws IOException {
    TreeBuilder builder = new TreeBuilder();
    Content object = Content.of(Digest.of(new byte[] {1}));
    Content other = new Content("/layer/ab/12-0");
    builder.regularFile(EntryPath.of("object"), PLAIN, 1, object);
    builder.regularFile(EntryPath.of("other"), PLAIN, 1, other);
    builder.emptyFile(EntryPath.of("empty"), PLAIN);
    try (ErofsImage image = ErofsImage.open(Images.write(builder.build(), directory, "image"))) {
      assertThat(image.content(image.find(EntryPath.of("object")).orElseThrow())).contains(object);
      assertThat(image.content(image.find(EntryPath.of("other")).orElseThrow())).contains(other);
      assertThat(image.content(image.find(EntryPath.of("empty")).orElseThrow())).isEmpty();
      assertThat(image.content(image.root())).isEmpty();
    }
  }

  @Test
  void stat_numberThatIsNone_isRefused() throws IOException {
    try (ErofsImage image =
        ErofsImage.open(Images.write(new TreeBuilder().build(), directory, "image"))) {
      for (long nid : new long[] {-1, 0, Integer.MAX_VALUE, Long.MAX_VALUE, 1 << 20}) {
        assertThatThrownBy(() -> image.stat(nid)).isInstanceOf(MalformedLayerException.class);
      }
    }
  }

  @Test
  void open_shortenedFile_isRefused() throws IOException {
    byte[] bytes = Files.readAllBytes(image());
    for (int length : new int[] {0, 1, 1024, 1100, 4096, bytes.length - 1}) {
      Path file = directory.resolve("short" + length);
      Files.write(file, Arrays.copyOf(bytes, length));
      assertThatThrownBy(() -> ErofsImage.open(file).close())
          .isInstanceOf(MalformedLayerException.class);
    }
  }

  @Test
  void stat_afterClose_isRefused() throws IOException {
    ErofsImage image = ErofsImage.open(image());
    image.close();
    image.close();

    assertThatThrownBy(() -> image.stat(image.root())).isInstanceOf(IllegalStateException.class);
  }

  /// Whatever is damaged, reading and merging end, and end with the one exception.
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void walk_damagedImage_failsCleanly(long seed) throws IOException {
    byte[] good = Files.readAllBytes(image());
    Random random = new Random(seed);
    Path file = directory.resolve("damaged");
    int failures = 0;
    for (int round = 0; round < 150; round++) {
      byte[] bytes = good.clone();
      for (int i = 0; i <= random.nextInt(4); i++) {
        damage(bytes, random);
      }
      fixChecksum(bytes);
      Files.write(file, bytes);
      failures += readAll(file) ? 0 : 1;
    }
    assertThat(failures).isBetween(1, 150);
  }

  private static void damage(byte[] bytes, Random random) {
    int start = random.nextInt(10) == 0 ? ErofsFormat.SUPERBLOCK_OFFSET : ErofsFormat.BLOCK_SIZE;
    int at = start + random.nextInt(bytes.length - start);
    switch (random.nextInt(4)) {
      case 0 -> bytes[at] = (byte) random.nextInt(256);
      case 1 -> bytes[at] = (byte) (bytes[at] ^ (1 << random.nextInt(8)));
      case 2 -> bytes[at] = (byte) 0xFF;
      default -> {
        int length = Math.min(1 + random.nextInt(64), bytes.length - at);
        int from = ErofsFormat.BLOCK_SIZE + random.nextInt(bytes.length - at - length + 1);
        System.arraycopy(bytes, Math.min(from, bytes.length - length), bytes, at, length);
      }
    }
  }

  private static void fixChecksum(byte[] bytes) {
    int at = ErofsFormat.SUPERBLOCK_OFFSET;
    ByteBuffer fields =
        ByteBuffer.wrap(bytes, at, ErofsFormat.BLOCK_SIZE - at)
            .slice()
            .order(ByteOrder.LITTLE_ENDIAN);
    fields.putInt(ErofsFormat.SB_CHECKSUM, ErofsWriter.checksum(fields));
  }

  /// Reads and merges everything; false if the image was refused.
  private static boolean readAll(Path file) throws IOException {
    try (ErofsImage image = ErofsImage.open(file)) {
      ImageListing.of(image);
      image.walk((_, nid, _) -> {
        image.content(nid);
        image.isOpaque(nid);
      });
      Merge.merge(List.of(image, image));
      return true;
    } catch (MalformedLayerException e) {
      assertThat(e).hasMessageContaining("metadata image");
      return false;
    }
  }

  private Path image() throws IOException {
    List<LayerEntry> entries = new RandomLayers(new Random(9)).stack(1, 50).getFirst();
    TreeBuilder builder = new TreeBuilder();
    for (LayerEntry entry : entries) {
      entry.add(builder);
    }
    for (int i = 0; i < 300; i++) {
      Map<String, byte[]> xattrs =
          Map.of("user.same", new byte[9], "user.own", new byte[] {(byte) i});
      builder.emptyFile(EntryPath.of("large/file" + i), new Attributes(0644, 0, 0, 0, 0, xattrs));
    }
    return Images.write(builder.build(), directory, "image");
  }
}
