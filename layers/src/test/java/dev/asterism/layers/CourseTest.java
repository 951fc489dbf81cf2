package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/// What a wait is said to have been for. Times are nanoseconds, as short as they may be here.
final class CourseTest {
  private static final long BEGIN = 1000;
  private static final long END = 1100;

  private final Course course = new Course();

  private CallWait told(Found found) {
    return course.told(found, BEGIN, END, true);
  }

  @Test
  void wait_nobodyHadAsked_isColdAndOneRoundTrip() {
    course.asked(BEGIN);
    course.came(BEGIN + 95);

    assertThat(told(Found.MISSING))
        .isEqualTo(new CallWait(Duration.ofNanos(100), true, WaitCause.COLD, 1));
  }

  @Test
  void wait_theRangeWasOnItsWay_isForThat() {
    course.asked(BEGIN - 50);
    course.came(BEGIN + 95);

    assertThat(told(Found.ON_ITS_WAY))
        .isEqualTo(new CallWait(Duration.ofNanos(100), true, WaitCause.COMING, 1));
  }

  @Test
  void wait_theRangeOfAnotherLayerWasOnItsWay_isForThat() {
    assertThat(told(Found.ON_ITS_WAY))
        .isEqualTo(new CallWait(Duration.ofNanos(100), true, WaitCause.COMING, 1));
  }

  @Test
  void wait_itWasQueuedForLess_isForItsTurn() {
    course.asked(BEGIN + 10);

    assertThat(told(Found.ON_ITS_WAY).cause()).isEqualTo(WaitCause.QUEUED);
  }

  @Test
  void wait_otherRangesTookMostOfTheTime_isForItsTurn() {
    course.asked(BEGIN + 60);

    assertThat(told(Found.MISSING))
        .isEqualTo(new CallWait(Duration.ofNanos(100), true, WaitCause.QUEUED, 1));
  }

  @Test
  void wait_theBytesHadCome_isForUnpackingAndNoRoundTrip() {
    course.asked(BEGIN - 50);
    course.came(BEGIN - 10);

    assertThat(told(Found.ON_ITS_WAY))
        .isEqualTo(new CallWait(Duration.ofNanos(100), true, WaitCause.UNPACKED, 0));
  }

  @Test
  void wait_theBytesCameSoon_isForUnpacking() {
    course.asked(BEGIN);
    course.came(BEGIN + 20);

    assertThat(told(Found.MISSING))
        .isEqualTo(new CallWait(Duration.ofNanos(100), true, WaitCause.UNPACKED, 1));
  }

  @Test
  void wait_itCameWhileItWasLookedFor_isNoRoundTrip() {
    assertThat(told(Found.STORED))
        .isEqualTo(new CallWait(Duration.ofNanos(100), true, WaitCause.UNPACKED, 0));
  }

  @Test
  void wait_theConnectionBroke_isRepeatedWithARoundTripMore() {
    course.asked(BEGIN - 50);
    course.broke(BEGIN + 50);
    course.came(BEGIN + 95);

    assertThat(told(Found.ON_ITS_WAY))
        .isEqualTo(new CallWait(Duration.ofNanos(100), true, WaitCause.REPEATED, 2));
  }

  @Test
  void wait_theConnectionBrokeBehindItsBytes_isNotRepeated() {
    course.asked(BEGIN);
    course.came(BEGIN + 90);
    course.broke(BEGIN + 95);

    assertThat(told(Found.MISSING).cause()).isEqualTo(WaitCause.COLD);
  }

  @Test
  void wait_theConnectionHadBrokenBefore_isForWhatIsOnItsWay() {
    course.asked(BEGIN - 50);
    course.broke(BEGIN - 20);

    assertThat(told(Found.ON_ITS_WAY))
        .isEqualTo(new CallWait(Duration.ofNanos(100), true, WaitCause.COMING, 1));
  }

  @Test
  void wait_inVain_isRepeated() {
    course.asked(BEGIN);

    assertThat(course.told(Found.MISSING, BEGIN, END, false).cause()).isEqualTo(WaitCause.REPEATED);
  }
}
