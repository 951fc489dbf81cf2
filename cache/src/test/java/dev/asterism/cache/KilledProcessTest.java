package dev.asterism.cache;

import static dev.asterism.cache.TestStore.files;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Seeds;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A process that is killed while four of its threads add, and one lets go of layers and persists.
/// `-Dkills=200` kills that often; 8 times without.
final class KilledProcessTest {
  private static final int KILLS = Integer.getInteger("kills", 8);
  private static final int MOST_LINES = 40; // of the process's output before it is killed

  @TempDir Path temp;

  @Test
  @Timeout(3600)
  void open_afterAProcessWasKilledInMidWrite_hasOnlyWholeFilesAndAllThatWerePublished()
      throws Exception {
    Path root = temp.resolve("cache");
    List<String> published = new ArrayList<>();
    RandomGenerator random = Seeds.generator(KILLS);
    for (int round = 0; round < KILLS; round++) {
      published.addAll(addUntilKilled(root, round * 1_000_000, 1 + random.nextInt(MOST_LINES)));
      try (DirectoryCache cache = DirectoryCache.open(root, InstantSource.system())) {
        cache.awaitIndex();
        cache.awaitSettled();
        assertThat(root.resolve("wip")).isEmptyDirectory();
        assertThat(cache.verify(VerifyOptions.FULL, StoreProgress.NONE).findings())
            .as("after kill %d", round + 1)
            .isEmpty();
      }

      for (String directory : List.of("objects", "chunks", "fresh")) {
        for (Path file : files(root.resolve(directory))) {
          assertThat(Digest.of(Files.readAllBytes(file)).hex())
              .isEqualTo(file.getFileName().toString());
        }
      }
      for (String hex : published) {
        assertThat(root.resolve("objects").resolve(hex.substring(0, 2)).resolve(hex)).exists();
      }
    }
  }

  /// Kills the child when it has printed some lines, in the middle of whatever it does then.
  private static List<String> addUntilKilled(Path root, int seed, int lines)
      throws IOException, InterruptedException {
    List<String> published = new ArrayList<>();
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                CrashChild.class.getName(),
                root.toString(),
                String.valueOf(seed))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = child.inputReader()) {
      for (int i = 0; i < lines; i++) {
        String line = out.readLine();
        assertThat(line).isNotNull();
        published.addAll(List.of(line.split(" ")));
      }
    } finally {
      child.destroyForcibly().waitFor();
    }
    return published;
  }
}
