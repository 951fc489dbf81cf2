package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.ByteRange;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ReadaheadTest {
  private static final int FIRST = 128 << 10;
  private static final FetchPolicy POLICY =
      new FetchPolicy(4 * FIRST, 8 << 20, 64 << 20, 0, Duration.ofSeconds(1));

  private static final int CHUNKS = 5000;

  private final Readahead readahead = new Readahead(POLICY, CHUNKS);

  private ByteRange miss(long offset) {
    return readahead.used(ByteRange.ofLength(offset, 1000), Found.MISSING, true, 0);
  }

  private ByteRange hit(long offset) {
    return readahead.used(ByteRange.ofLength(offset, 1000), Found.STORED, true, 0);
  }

  @Test
  void used_firstMiss_reachesALittleBehindIt() {
    assertThat(miss(10_000)).isEqualTo(new ByteRange(10_000, 11_000 + FIRST));
  }

  @Test
  void used_missesNearOneAnother_reachFurtherEachTimeAndBackwardsToo() {
    long middle = 50_000_000;
    ByteRange first = miss(middle);
    ByteRange second = miss(middle + 500_000);
    ByteRange third = miss(middle - 400_000);

    assertThat(second.start()).isEqualTo(middle + 500_000 - FIRST);
    assertThat(second.end()).isEqualTo(middle + 501_000 + 2 * FIRST);
    assertThat(second.length()).isGreaterThan(first.length());
    assertThat(third.length()).isEqualTo(second.length()); // that is as far as it goes
  }

  @Test
  void used_scatteredMisses_reachOnlyALittle() {
    for (long offset = 0; offset < 100; offset++) {
      assertThat(miss(offset * 5_000_000).length()).isEqualTo(1000 + FIRST);
    }
  }

  @Test
  void used_hitNearTheEnd_pushesOn() {
    ByteRange first = miss(0);

    assertThat(hit(5000).isEmpty()).isTrue();
    ByteRange next = hit(first.end() - 2000);
    assertThat(next.start()).isEqualTo(first.end());
    assertThat(next.isEmpty()).isFalse();
  }

  @Test
  void used_tooMuchCameInVain_asksForHardlyMore() {
    assertThat(readahead.used(ByteRange.ofLength(0, 1000), Found.MISSING, false, 0).length())
        .isLessThan(FIRST / 4);
  }

  @Test
  void used_aLargeChunk_saysNothingOfItsNeighbours() {
    assertThat(readahead.used(new ByteRange(0, 2 << 20), Found.MISSING, true, 0).isEmpty())
        .isTrue();
  }

  @Test
  void used_stepsOfAWalk_reachAsFarAsHalfOfWhatItUsedWhateverCameInVain() {
    ByteRange few = readahead.used(ByteRange.ofLength(0, 1000), Found.MISSING, false, 1000);
    ByteRange many =
        readahead.used(ByteRange.ofLength(10_000_000, 1000), Found.MISSING, false, 6 << 20);
    ByteRange most =
        readahead.used(ByteRange.ofLength(90_000_000, 1000), Found.MISSING, false, 1L << 40);

    assertThat(few.length()).isEqualTo(1000 + 2 * FIRST);
    assertThat(many.length()).isEqualTo(1000 + (3 << 20));
    assertThat(most.length()).isEqualTo(1000 + POLICY.maxWindow());
  }

  @Test
  void used_aLargeChunkAsAStepOfAWalk_bringsWhatFollows() {
    ByteRange large = new ByteRange(0, 2 << 20);

    assertThat(readahead.used(large, Found.MISSING, true, 4 << 20))
        .isEqualTo(new ByteRange(0, 4 << 20));
  }

  @Test
  void isWholesale_nearlyAllIsUsed_isSeen() {
    long size = 50_000;
    for (long offset = 0; offset < 200 * size; offset += size) {
      ByteRange _ = readahead.used(ByteRange.ofLength(offset, size), Found.STORED, true, 0);
    }
    assertThat(readahead.isWholesale()).isTrue();
  }

  /// A walk through the directories of a layer that was packed in another order.
  @Test
  void isWholesale_aTenthOfAllChunksIsUsedHereAndThere_isSeen() {
    for (int i = 0; i < CHUNKS / 10 - 1; i++) {
      readahead.noteFirstUse();
      miss(i * 7919L % CHUNKS * 100_000);
      miss(i * 7919L % CHUNKS * 100_000); // it could not be had, and is asked for again
    }
    assertThat(readahead.isWholesale()).isFalse();
    readahead.noteFirstUse();
    assertThat(readahead.isWholesale()).isTrue();
  }

  @Test
  void isWholesale_allOfASmallLayerIsUsed_isNot() {
    Readahead small = new Readahead(POLICY, 300);
    for (int i = 0; i < 300; i++) {
      small.noteFirstUse();
      ByteRange _ = small.used(ByteRange.ofLength(i * 100_000L, 1000), Found.MISSING, true, 0);
    }
    assertThat(small.isWholesale()).isFalse();
  }

  @Test
  void isWholesale_everyThirdIsUsed_isNot() {
    long size = 50_000;
    for (long offset = 0; offset < 600 * size; offset += 3 * size) {
      ByteRange _ = readahead.used(ByteRange.ofLength(offset, size), Found.MISSING, true, 0);
    }
    assertThat(readahead.isWholesale()).isFalse();
  }

  private void useLarge(long offset) {
    assertThat(
            readahead.used(ByteRange.ofLength(offset, 1 << 20), Found.MISSING, true, 0).isEmpty())
        .isTrue();
  }

  @Test
  void used_largeFilesOneBehindTheOther_areALayerReadWhole() {
    for (int i = 0; i < 23; i++) {
      useLarge(100_000_000L + ((long) i << 20));
    }
    assertThat(readahead.isWholesale()).isFalse();
    useLarge(100_000_000L + (23L << 20));
    assertThat(readahead.isWholesale()).isTrue();
  }

  @Test
  void used_largeFilesHereAndThere_areProgramsAndLibraries() {
    for (int i = 0; i < 200; i++) {
      useLarge((i * 3L) << 20);
    }
    assertThat(readahead.isWholesale()).isFalse();
  }
}
