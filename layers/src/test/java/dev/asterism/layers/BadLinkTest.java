package dev.asterism.layers;

import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.link.LinkShape;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A link that gets worse while a container starts: right bytes, no storm of requests, and not
/// twice the bytes of a good one.
@Tag("kernel")
@Timeout(240)
final class BadLinkTest {
  private static final int FILES = 150;
  private static final int SIZE = 40_000;
  private static final long LOOK = 500_000; // nanoseconds: 6 kB on the good link

  /// Four programs that each read every fourth file, and a sum of all of it.
  private static final String READ =
      """
      cd "$1"
      for i in 0 1 2 3; do
        ls | awk "NR % 4 == $i" | xargs cat >/dev/null &
      done
      wait
      ls | xargs cat | sha256sum
      """;

  @TempDir Path directory;

  /// What becomes of the link, or of who is behind it, when a quarter has come.
  enum Turn {
    /// Nothing: what the others are compared with.
    NONE {
      @Override
      void happen(Origin origin) {}
    },
    A_TENTH_OF_THE_BANDWIDTH {
      @Override
      void happen(Origin origin) {
        origin.link().become(LinkShape.of(10, 10));
      }
    },
    HALF_A_SECOND_OF_ROUND_TRIP {
      @Override
      void happen(Origin origin) {
        origin.link().become(LinkShape.of(100, 500));
      }
    },
    CONNECTIONS_DROPPED_AGAIN_AND_AGAIN {
      @Override
      void happen(Origin origin) throws InterruptedException {
        for (int i = 0; i < 10; i++) {
          origin.link().dropConnections();
          TimeUnit.MILLISECONDS.sleep(100); // not waiting for anything: that is the fault
        }
      }
    },
    ONE_IN_TEN_UNAVAILABLE {
      @Override
      void happen(Origin origin) {
        origin.registry().faultEvery(10, Target.blobs(), new Fault.Status(503));
      }
    },
    ONE_IN_TEN_SHORTER_THAN_SAID {
      @Override
      void happen(Origin origin) {
        origin.registry().faultEvery(10, Target.blobs(), new Fault.WrongLength(-100));
      }
    },
    ONE_IN_TEN_FROM_ELSEWHERE {
      @Override
      void happen(Origin origin) {
        origin.registry().faultEvery(10, Target.blobs(), new Fault.OtherRange(-50, -50));
      }
    };

    abstract void happen(Origin origin) throws InterruptedException;
  }

  private static byte[] content(int number) {
    return RandomTrees.content(Seeds.generator(number), SIZE);
  }

  private static Layer layer() {
    List<Entry> files = new ArrayList<>();
    for (int i = 0; i < FILES; i++) {
      files.add(file("file%03d".formatted(i), content(i)));
    }
    return Layer.of(files.toArray(Entry[]::new));
  }

  /// As a pull does it that is followed by a start: what the image says, what is learned and the
  /// rest are all under way when the link turns bad.
  @ParameterizedTest
  @EnumSource(names = {"CONNECTIONS_DROPPED_AGAIN_AND_AGAIN", "ONE_IN_TEN_UNAVAILABLE"})
  void read_whileTheRestIsFetchedAndTheLinkTurnsBad_isRightToo(Turn turn) throws Exception {
    badLink(
        turn,
        StartPolicy.DEFAULT.with(new StartPolicy.Prefetching(true, 1 << 20, Duration.ZERO, 0)));
  }

  @ParameterizedTest
  @EnumSource
  void read_whileTheLinkTurnsBad_isRightForAtMostTwiceTheBytes(Turn turn) throws Exception {
    badLink(turn, StartPolicy.NOTHING);
  }

  private void badLink(Turn turn, StartPolicy starts) throws Exception {
    Path unpacked = Files.createDirectory(directory.resolve("unpacked"));
    for (int i = 0; i < FILES; i++) {
      Files.write(unpacked.resolve("file%03d".formatted(i)), content(i));
    }
    try (Origin origin = Origin.startBehind(LinkShape.of(100, 10));
        LazyNode node = LazyNode.start(directory, origin, LazyNode.PATIENT, starts)) {
      LayerRequest layer = origin.add(layer());
      long size = origin.size(layer);
      Path rootfs = node.mount(layer);
      origin.link().resetCounters();
      origin.registry().traffic().reset();
      Thread turning =
          Thread.ofPlatform()
              .daemon()
              .start(() -> {
                try {
                  while (origin.link().bytesDown() < size / 4) {
                    LockSupport.parkNanos(LOOK);
                  }
                  turn.happen(origin);
                } catch (InterruptedException _) {
                  Thread.currentThread().interrupt();
                }
              });

      String sum = read(rootfs);

      turning.join();
      assertThat(sum).isEqualTo(read(unpacked));
      assertThat(origin.link().bytesDown()).isLessThan(2 * size);
      assertThat(origin.fetches(layer)).hasSizeLessThan(3 * FILES);
      node.assertStoreIsRight();
    }
  }

  private static String read(Path tree) throws Exception {
    return Command.of("sh", "-c", READ, "sh", tree.toString()).runOrThrow().text();
  }
}
