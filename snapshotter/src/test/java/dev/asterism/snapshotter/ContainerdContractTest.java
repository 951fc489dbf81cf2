package dev.asterism.snapshotter;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/// The contract asks for nothing that containerd's own snapshotter does not do.
@Tag("kernel")
final class ContainerdContractTest extends SnapshotterContract {
  @TempDir private Path root;

  @Override
  SnapshotsService start() throws Exception {
    return ContainerdService.start(root);
  }
}
