package dev.asterism.bench;

import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Stream;

/// What folders take on the disk.
public final class DiskUse {
  private static final Duration SETTLED = Duration.ofMinutes(7);
  private static final Duration PAUSE = Duration.ofSeconds(2);

  private DiskUse() {}

  /// Returns the bytes on the disk of everything below the folders, without what is mounted there:
  /// allocated bytes, each inode once.
  ///
  /// @throws IOException if a folder is missing or cannot be read
  public static long of(Path... folders) throws IOException, InterruptedException {
    Command.of("sync").runOrThrow();
    String text =
        Command.of("du", "--one-file-system", "--summarize", "--block-size=1", "--total")
            .with(Arrays.stream(folders).map(Path::toString).toArray(String[]::new))
            .runOrThrow()
            .text();
    String total = text.lines().reduce("", (_, line) -> line);
    return Long.parseLong(total.substring(0, total.indexOf('\t')));
  }

  /// Returns the same of a cache, when what has come is known to be on the disk, and the second
  /// links to it are gone with their directories: some five minutes after the last of it.
  ///
  /// @param cache the root of a cache that a daemon keeps
  /// @throws IOException also if that takes more than seven minutes
  public static long awaitSettled(Path cache) throws IOException, InterruptedException {
    Path fresh = cache.resolve("fresh");
    long end = System.nanoTime() + SETTLED.toNanos();
    while (!isEmpty(fresh)) {
      if (System.nanoTime() > end) {
        throw new IOException("%s has files after %s".formatted(fresh, SETTLED));
      }
      Thread.sleep(PAUSE);
    }
    return of(cache);
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.findAny().isEmpty();
    }
  }
}
