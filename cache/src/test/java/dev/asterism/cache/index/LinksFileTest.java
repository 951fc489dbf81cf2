package dev.asterism.cache.index;

import static dev.asterism.cache.index.LinksIndexTest.digest;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.cache.FileChannelBeside;
import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Seeds;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LinksFileTest {
  private static final Digest LAYER = digest("layer");

  @TempDir Path root;

  /// The disk of this machine, which may be full.
  private static final class Disk implements LinksDisk {
    boolean full;

    /// There is room for names, and none for bytes.
    boolean writesFail;

    @Override
    public FileChannel createOpen(String path) throws IOException {
      if (full) {
        throw new IOException("No space left on device");
      }
      FileChannel file =
          FileChannel.open(
              Path.of(path),
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE);
      return new FileChannelBeside(file) {
        @Override
        public int write(ByteBuffer bytes, long position) throws IOException {
          if (writesFail) {
            throw new IOException("No space left on device");
          }
          return super.write(bytes, position);
        }
      };
    }

    @Override
    public int rename(String from, String to) {
      try {
        Files.move(Path.of(from), Path.of(to), StandardCopyOption.REPLACE_EXISTING);
        return 0;
      } catch (IOException _) {
        return 5;
      }
    }

    @Override
    public int unlink(String path) {
      try {
        return Files.deleteIfExists(Path.of(path)) ? 0 : 2;
      } catch (IOException _) {
        return 5;
      }
    }
  }

  /// One run of a process over the files.
  private final class Run implements AutoCloseable {
    final LinksIndex index = new LinksIndex();
    final Disk disk = new Disk();
    final LinksFile file;
    final boolean whole;

    Run() throws IOException {
      file = new LinksFile(root, disk, index);
      file.open();
      whole = file.restore(_ -> true, () -> false);
    }

    void add(int number) {
      Digest digest = digest("d" + number);
      index.added(Place.OBJECT, digest, 10 + number, 1000 + number, 0);
      index.linked(LAYER, number, 0, digest);
    }

    @Override
    public void close() throws IOException {
      file.persist();
      file.close();
    }
  }

  /// Everything that an index knows, a line each.
  private static Set<String> contents(LinksIndex index) throws IOException {
    Set<String> lines = new TreeSet<>();
    index.tellAll(
        new Changes() {
          @Override
          public void layerRemoved(Digest layer) {}

          @Override
          public void removed(Digest digest) {}

          @Override
          public void unlinked(int layer, int entry, long offset, Digest digest) {}

          @Override
          public void digest(Digest digest, int places, long size, int lastUse, int verified) {
            lines.add("%s %d %d %d %d".formatted(digest, places, size, lastUse, verified));
          }

          @Override
          public void link(int layer, int entry, long offset, Digest digest) {
            index
                .layers()
                .layer(layer)
                .ifPresent(name -> lines.add("%s %d %d %s".formatted(name, entry, offset, digest)));
          }

          @Override
          public void pause() {}
        });
    return lines;
  }

  private static int now(int run, int step) {
    return 100 * (300 * run + step);
  }

  private static Set<String> difference(Set<String> all, Set<String> less) {
    Set<String> rest = new TreeSet<>(all);
    rest.removeAll(less);
    return rest;
  }

  private Path file(String name) {
    return root.resolve(name);
  }

  private List<Path> journals() throws IOException {
    try (Stream<Path> files = Files.list(root)) {
      return files
          .filter(path -> path.getFileName().toString().startsWith("links.journal"))
          .toList();
    }
  }

  static LongStream seeds() {
    return Seeds.of(3);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void restart_afterAnyChangesPersistsAndFolds_knowsWhatWasKnown(long seed) throws IOException {
    SplittableRandom random = new SplittableRandom(seed);
    Set<String> known = Set.of();
    for (int run = 0; run < 12; run++) {
      try (Run now = new Run()) {
        Set<String> found = contents(now.index);
        assertThat(List.of(difference(found, known), difference(known, found)))
            .as("found only, and lost, in run %d", run)
            .containsOnly(Set.of());
        for (int step = 0; step < 300; step++) {
          int number = random.nextInt(100);
          Digest digest = digest("d" + number);
          Digest layer = digest("layer " + random.nextInt(3));
          switch (random.nextInt(40)) {
            case 0, 1, 2, 3 -> now.index.removed(digest);
            case 4, 5 -> now.index.unlinked(layer, random.nextInt(50), 0);
            case 6 -> now.index.layerRemoved(layer);
            case 7 -> now.index.verified(digest, now(run, step));
            case 8 -> now.index.used(digest, now(run, step));
            case 9, 10 -> now.file.persist();
            case 11 -> now.file.fold();
            default -> {
              Place place = random.nextBoolean() ? Place.OBJECT : Place.CHUNK;
              now.index.added(place, digest, 10 + number, now(run, step), 0);
              now.index.linked(layer, random.nextInt(50), random.nextInt(2), digest);
            }
          }
        }
        now.file.persist();
        known = contents(now.index);
      }
    }
  }

  @Test
  void restore_journalTornAtEveryByte_takesEveryWholeLineAndLaterOnes() throws IOException {
    try (Run first = new Run()) {
      first.add(1);
      first.add(2);
    }
    byte[] journal = Files.readAllBytes(file("links.journal"));
    for (int length = 0; length < journal.length; length++) {
      for (Path old : journals()) {
        Files.delete(old);
      }
      Files.write(file("links.journal"), Arrays.copyOf(journal, length));
      String whole = new String(journal, 0, length, StandardCharsets.US_ASCII);
      long puts =
          whole
              .substring(0, whole.lastIndexOf('\n') + 1)
              .lines()
              .filter(l -> l.contains("put"))
              .count();
      try (Run second = new Run()) {
        assertThat(second.index.digests()).as("of %d bytes", length).isEqualTo(puts);
        second.add(3);
      }
      try (Run third = new Run()) {
        assertThat(third.index.find(digest("d3"))).isPresent();
        assertThat(third.index.digests()).isEqualTo(puts + 1);
      }
    }
  }

  @Test
  void restore_aByteOfTheJournalChanged_losesThatLineAlone() throws IOException {
    try (Run first = new Run()) {
      first.add(1);
      first.add(2);
      first.add(3);
    }
    byte[] journal = Files.readAllBytes(file("links.journal"));
    int at = new String(journal, StandardCharsets.US_ASCII).indexOf(digest("d2").hex()) + 5;
    journal[at] = journal[at] == 'a' ? (byte) 'b' : (byte) 'a';
    Files.write(file("links.journal"), journal);
    try (Run second = new Run()) {
      assertThat(second.whole).isFalse();
      assertThat(second.index.digests()).isEqualTo(2);
    }
  }

  @Test
  void restore_jsonTornAtEveryByte_takesTheRowsBeforeAndStarts() throws IOException {
    try (Run first = new Run()) {
      first.add(1);
      first.add(2);
      first.file.fold();
    }
    byte[] json = Files.readAllBytes(file("links.json"));
    for (int length = 0; length < json.length - 2; length++) {
      Files.write(file("links.json"), Arrays.copyOf(json, length));
      try (Stream<Path> files = Files.list(root)) {
        for (Path other : files.filter(path -> !path.endsWith("links.json")).toList()) {
          Files.delete(other);
        }
      }
      try (Run second = new Run()) {
        assertThat(second.whole).as("of %d bytes", length).isFalse();
        assertThat(second.index.digests()).isBetween(0L, 2L);
        assertThat(second.file.wantsFold()).isTrue();
        second.file.fold();
      }
      try (Run third = new Run()) {
        assertThat(third.whole).isTrue();
      }
    }
  }

  @Test
  void restore_newerVersion_isKeptUnderAnotherName() throws IOException {
    String newer = "{\"format\":\"asterism links\",\"version\":99,\"digests\":7}";
    Files.writeString(file("links.json"), newer);
    try (Run run = new Run()) {
      assertThat(run.whole).isFalse();
      run.add(1);
      run.file.fold();
    }
    assertThat(file("links.json.version-99")).hasContent(newer);
    try (Run run = new Run()) {
      assertThat(run.index.digests()).isEqualTo(1);
    }
  }

  @Test
  void restore_journalOfANewerVersion_isKeptUnderAnotherName() throws IOException {
    try (Run first = new Run()) {
      first.add(1);
    }
    String line = "\"journal\":2}";
    int crc = JournalWriter.crc(java.nio.ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII)));
    Files.writeString(
        file("links.journal"),
        "{\"crc\":\"%08x\",%s\n{\"something\":\"else\"}\n".formatted(crc, line));
    try (Run second = new Run()) {
      assertThat(second.index.digests()).isZero();
    }
    assertThat(journals().toString()).contains(".version-2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "[]", "{", "null", "{\"a\":1}", "{\"layers\":7,\"digests\":7}", "\0\0\0"})
  void restore_foreignJson_startsAndKeepsIt(String text) throws IOException {
    Files.writeString(file("links.json"), text);
    try (Run run = new Run()) {
      assertThat(run.whole).isFalse();
      run.add(1);
      run.file.fold();
    }
    try (Run run = new Run()) {
      assertThat(run.whole).isTrue();
      assertThat(run.index.digests()).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"links.json", "links.journal"})
  void restore_aGigabyteOfNothing_startsInBoundedMemory(String name) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(file(name).toFile(), "rw")) {
      file.setLength(1L << 30); // a hole: no blocks
    }
    try (Run run = new Run()) {
      assertThat(run.whole).isFalse();
      assertThat(run.index.digests()).isZero();
    }
  }

  @Test
  void restore_aTextOfAGigabyte_isNotReadIntoMemory() throws IOException {
    byte[] letters = new byte[1 << 20];
    Arrays.fill(letters, (byte) 'a');
    try (FileChannel file =
        FileChannel.open(
            file("links.json"), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      file.write(java.nio.ByteBuffer.wrap("{\"format\":\"".getBytes(StandardCharsets.US_ASCII)));
      for (int i = 0; i < 64; i++) {
        file.write(java.nio.ByteBuffer.wrap(letters));
      }
    }
    try (Run run = new Run()) {
      assertThat(run.whole).isFalse();
    }
  }

  @Test
  void persist_nothingChanged_writesNothing() throws IOException {
    try (Run run = new Run()) {
      run.file.persist();
    }
    assertThat(journals()).isEmpty();
  }

  @Test
  void persist_ofTenChanges_writesAsMuchWhateverIsKnown() throws IOException {
    List<Long> written = new ArrayList<>();
    try (Run run = new Run()) {
      int next = 0;
      for (int known : List.of(100, 10_000, 100_000)) {
        while (next < known) {
          run.add(next++);
        }
        run.file.persist();
        long before = run.file.status().journalBytes();
        for (int i = 0; i < 10; i++) {
          run.index.verified(digest("d" + i), known);
        }
        run.file.persist();
        written.add(run.file.status().journalBytes() - before);
      }
    }
    assertThat(written.get(1)).isBetween(written.get(0) - 100, written.get(0) + 100);
    assertThat(written.get(2)).isBetween(written.get(0) - 100, written.get(0) + 100);
  }

  @Test
  void persist_diskFull_throwsAndLosesNothingOnceThereIsRoom() throws IOException {
    try (Run run = new Run()) {
      run.disk.full = true;
      run.add(1);
      assertThatThrownBy(run.file::persist).isInstanceOf(IOException.class);
      assertThat(run.file.wantsFold()).isTrue();
      assertThatThrownBy(run.file::fold).isInstanceOf(IOException.class);
      assertThat(run.file.wantsFold()).isTrue();
      run.disk.full = false;
      run.file.fold();
      assertThat(run.file.wantsFold()).isFalse();
    }
    try (Run run = new Run()) {
      assertThat(run.index.find(digest("d1"))).isPresent();
    }
  }

  @Test
  void persist_whatIsWrittenFailsAgainAndAgain_keepsFewJournalsAndLosesNothing()
      throws IOException {
    try (Run run = new Run()) {
      run.disk.writesFail = true;
      for (int i = 0; i < 100; i++) {
        run.add(i);
        assertThatThrownBy(run.file::persist).isInstanceOf(IOException.class);
        assertThatThrownBy(run.file::fold).isInstanceOf(IOException.class);
      }
      assertThat(journals()).hasSizeLessThan(20);
      run.disk.writesFail = false;
      run.file.fold();
      assertThat(journals()).hasSizeLessThan(2);
    }
    try (Run run = new Run()) {
      assertThat(run.index.digests()).isEqualTo(100);
      assertThat(run.index.keys()).isEqualTo(100);
    }
  }

  @Test
  void persist_afterOneThatFailed_tellsOfTheSameDigestsAgain() throws IOException {
    List<Digest> digests = // one shard's, more than are told of at once
        IntStream.range(1, 2000).mapToObj(i -> new Digest(i, i, i, i)).toList();
    try (Run run = new Run()) {
      digests.forEach(digest -> run.index.added(Place.OBJECT, digest, 10, 1000, 0));
      run.disk.writesFail = true;
      assertThatThrownBy(run.file::persist).isInstanceOf(IOException.class);
      run.disk.writesFail = false;
      run.file.fold();
      for (int now : List.of(2000, 3000)) {
        digests.forEach(digest -> run.index.used(digest, now));
        run.file.persist();
      }
    }
    try (Run run = new Run()) {
      assertThat(digests).allMatch(digest -> run.index.lastUse(digest) == 3000);
    }
  }

  @Test
  void fold_stopped_writesNoFileAndLosesNothing() throws IOException {
    try (Run run = new Run()) {
      for (int i = 0; i < 100; i++) {
        run.add(i);
      }
      run.file.persist();
      AtomicInteger asked = new AtomicInteger();
      assertThatThrownBy(() -> run.file.fold(() -> asked.incrementAndGet() == 3))
          .isInstanceOf(InterruptedIOException.class);
      assertThat(file("links.json")).doesNotExist();
      run.add(100);
    }
    try (Run run = new Run()) {
      assertThat(run.index.digests()).isEqualTo(101);
      assertThat(run.index.keys()).isEqualTo(101);
      assertThat(file("links.json.new")).doesNotExist();
    }
  }

  /// Whoever looks after a store while no daemon runs does not read the links file, and may learn
  /// of a file.
  @Test
  void persist_withoutHavingBeenOpened_keepsTheJournalsThatArePutAside() throws IOException {
    try (Run first = new Run()) {
      first.add(1);
    }
    try (Run second = new Run()) { // puts the first one's aside
      second.add(2);
    }
    LinksIndex index = new LinksIndex();
    try (LinksFile offline = new LinksFile(root, new Disk(), index)) {
      index.added(Place.OBJECT, digest("d3"), 13, 1003, 0);
      offline.persist();
    }
    try (Run last = new Run()) {
      for (int i = 1; i <= 3; i++) {
        assertThat(last.index.find(digest("d" + i))).as("d%d", i).isPresent();
      }
    }
  }

  @Test
  void restore_whatTheDiskHasShownMeanwhile_isNotOverruled() throws IOException {
    try (Run first = new Run()) {
      first.add(1);
      first.file.fold();
      first.index.removed(digest("d1"));
    }
    LinksIndex index = new LinksIndex();
    LinksFile file = new LinksFile(root, new Disk(), index);
    file.open();
    index.added(Place.CHUNK, digest("d1"), 99, 5000, 0);
    file.restore(_ -> true, () -> false);
    assertThat(index.find(digest("d1")).orElseThrow().size()).isEqualTo(99);
    file.close();
  }

  @Test
  void restore_layerWithoutDirectory_takesItsDigestsOnly() throws IOException {
    try (Run first = new Run()) {
      first.add(1);
      first.file.fold();
      first.add(2);
    }
    LinksIndex index = new LinksIndex();
    LinksFile file = new LinksFile(root, new Disk(), index);
    file.open();
    file.restore(_ -> false, () -> false);
    assertThat(index.digests()).isEqualTo(2);
    assertThat(index.keys()).isZero();
    file.close();
  }

  @Test
  void fold_whileOthersChangeTheIndex_losesNoChange() throws Exception {
    Set<String> known;
    try (Run run = new Run()) {
      for (int i = 0; i < 20_000; i++) {
        run.add(i);
      }
      Thread changes =
          Thread.ofPlatform()
              .start(() -> {
                for (int i = 10_000; i < 30_000; i++) {
                  run.index.removed(digest("d" + (i - 10_000)));
                  run.add(i);
                }
              });
      while (changes.isAlive()) {
        run.file.fold();
        run.file.persist();
      }
      changes.join();
      run.file.persist();
      known = contents(run.index);
    }
    try (Run run = new Run()) {
      assertThat(difference(contents(run.index), known)).isEmpty();
      assertThat(difference(known, contents(run.index))).isEmpty();
    }
  }
}
