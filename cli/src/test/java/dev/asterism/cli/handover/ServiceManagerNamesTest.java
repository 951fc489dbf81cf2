package dev.asterism.cli.handover;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.snapshotter.NamespacedSnapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The names under which systemd keeps descriptors: `fdname_is_valid` of its `basic/fd-util.c`
/// takes 255 printable ASCII characters without a colon.
class ServiceManagerNamesTest {
  private static final int LONGEST = 255;
  private static final List<String> NAMESPACES =
      List.of(
          "default",
          "k8s.io",
          "k8s-io",
          "k8s_io",
          "K8s.io",
          "gate",
          "asterism-gate",
          "asterism-gate-default",
          "device",
          "session",
          "session-default",
          "a",
          "a-a",
          "0",
          "x".repeat(76),
          "x".repeat(74) + "-x");

  @Test
  void names_ofManyNamespaces_areDistinctAndTaken() {
    ServiceManager manager =
        ServiceManager.find(Map.of("NOTIFY_SOCKET", "/run/nobody")).orElseThrow();
    List<String> all = new ArrayList<>(manager.names().all());
    for (String namespace : NAMESPACES) {
      assertThat(NamespacedSnapshots.isNamespace(namespace)).as("%s", namespace).isTrue();
      all.addAll(manager.ofNamespace(namespace).names().all());
    }
    assertThat(all)
        .doesNotHaveDuplicates()
        .hasSize(3 * (NAMESPACES.size() + 1))
        .allMatch(name -> name.length() <= LONGEST)
        .allMatch(name -> name.chars().allMatch(c -> c > ' ' && c < 127 && c != ':'));
  }
}
