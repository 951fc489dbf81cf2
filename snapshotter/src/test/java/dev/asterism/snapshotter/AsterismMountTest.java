package dev.asterism.snapshotter;

import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/// Ours mounts as the contract says when no layer can be had lazily.
final class AsterismMountTest extends MountContract {
  @TempDir private Path root;

  @Override
  SnapshotsService start() throws Exception {
    return AsterismService.start(root);
  }
}
