package dev.asterism.snapshotter;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/// Ours keeps the contract when no layer can be had lazily.
final class AsterismContractTest extends SnapshotterContract {
  @TempDir private Path root;

  @Override
  SnapshotsService start() throws Exception {
    return AsterismService.start(root);
  }
}
