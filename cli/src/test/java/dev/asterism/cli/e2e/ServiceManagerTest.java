package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.e2e.PulledImage.End;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The daemon as a service of systemd, whose store keeps the gate: no process of our own does.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ServiceManagerTest {
  private final Cleanup cleanup = Cleanup.open();

  @AfterEach
  void end() throws IOException {
    cleanup.close();
  }

  /// Capacities as systemd 254 and later tell them, and none as before.
  @ParameterizedTest
  @ValueSource(ints = {16, 0})
  void gate_overStopAndKill_comesBackFromTheStore(int capacity) throws Exception {
    Machine.requireRootAnd("python3");
    DockerRegistry registry = DockerRegistry.start(RealImage.storage());
    cleanup.add(registry::close);
    ServiceManagerStore store = ServiceManagerStore.start();
    cleanup.add(store::close);
    TestNode node =
        TestNode.start(
            "no_background_fetch = true\n[cri_keychain]\nenable_keychain = true\n",
            store.launcher(capacity));
    cleanup.add(node::close);
    String image = registry.reference(RealImage.LAZY);
    node.pull(image);

    assertThat(store.said())
        .contains("READY=1", "FDSTORE=1 FDNAME=asterism-gate descriptors=1")
        .contains("FDSTORE=1 FDNAME=asterism-session descriptors=1")
        .contains("FDSTORE=1 FDNAME=asterism-logins descriptors=1");
    assertThat(Files.exists(node.root().resolve("keeper"))).isEqualTo(capacity == 0);

    Readers readers = Readers.start(node, image);
    for (int i = 0; i < Math.max(Readers.ENDS, 2); i++) {
      readers.awaitAnyMoment(i);
      (i % 2 == 0 ? End.TOLD : End.KILLED).of(node);
      readers.forgetWhatIsCold();
      node.startDaemon();

      assertThat(node.log()).contains("gate taken over", "logins of former pulls taken over");
    }
    readers.finish("systemd with FDSTORE=" + capacity);
    assertThat(store.said()).contains("STOPPING=1");
    if (capacity == 0) {
      node.awaitLog("a stop or restart of this service ends what holds the mount");
    } else {
      assertThat(node.log()).doesNotContain("ends what holds the mount");
    }
    assertThat(Files.exists(node.root().resolve("keeper"))).isEqualTo(capacity == 0);
  }
}
