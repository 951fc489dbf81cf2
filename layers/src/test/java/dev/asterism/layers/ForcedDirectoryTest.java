package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
final class ForcedDirectoryTest {
  @TempDir Path temp;

  @Test
  void await_nothingChanged_returns() throws IOException {
    new ForcedDirectory(temp).await();
  }

  @Test
  void await_changesOfManyThreads_returnsToAll() throws Exception {
    ForcedDirectory directory = new ForcedDirectory(temp);
    List<Future<Path>> all = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 500; i++) {
        Path name = temp.resolve("name-" + i);
        all.add(
            threads.submit(() -> {
              Files.createDirectory(name);
              directory.changed();
              directory.await();
              return name;
            }));
      }
    }
    for (Future<Path> each : all) {
      each.get();
    }
  }

  @Test
  void await_directoryThatCannotBeForced_throwsUntilItCan() throws IOException {
    Path missing = temp.resolve("missing");
    ForcedDirectory directory = new ForcedDirectory(missing);
    directory.changed();
    assertThatThrownBy(directory::await)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("missing");
    assertThatThrownBy(directory::await).isInstanceOf(IOException.class);
    Files.createDirectory(missing);
    directory.await();
  }
}
