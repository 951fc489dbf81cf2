package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// When the directory of a removed snapshot goes.
final class AsyncRemoveTest {
  @TempDir private Path root;

  private Snapshots open(boolean asyncRemove) throws Exception {
    return Snapshots.open(
        root,
        new FakeLayerMounter(root),
        new SnapshotSettings(VerificationPolicy.REQUIRED, asyncRemove, Optional.empty()),
        InstantSource.system());
  }

  private List<Path> directories() throws Exception {
    try (Stream<Path> entries = Files.list(root.resolve("snapshots"))) {
      return entries.toList();
    }
  }

  private void write(Snapshots snapshots, String key) throws Exception {
    snapshots.prepare(key, "", Map.of());
    Files.writeString(directories().getLast().resolve("fs/file"), "content");
  }

  @Test
  void remove_synchronous_deletesTheDirectory() throws Exception {
    try (Snapshots snapshots = open(false)) {
      write(snapshots, "one");
      snapshots.remove("one");
      assertThat(directories()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void remove_asynchronous_leavesTheDirectoryToCleanup(boolean afterRestart) throws Exception {
    try (Snapshots snapshots = open(true)) {
      write(snapshots, "one");
      snapshots.remove("one");
      assertThat(snapshots.list(List.of())).isEmpty();
      assertThat(directories())
          .singleElement()
          .satisfies(directory -> assertThat(directory.resolve("fs/file")).exists());

      snapshots.prepare("one", "", Map.of()); // the key is free at once
      assertThat(directories()).hasSize(2);
      if (!afterRestart) {
        snapshots.cleanup();
      }
    }
    try (Snapshots snapshots = open(true)) {
      snapshots.start();
      assertThat(directories()).hasSize(1);
      assertThat(snapshots.mounts("one")).hasSize(1);
    }
  }
}
