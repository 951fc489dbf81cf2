package dev.asterism.cli.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.handover.ServiceUnit;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NodeTest {
  @Test
  void examine_anyMachine_saysWhatAbsenceCosts(@TempDir Path root) throws Exception {
    assertThat(new Node(root.resolve("not/there")).examine())
        .allSatisfy(finding -> {
          assertThat(finding.found()).isNotEmpty();
          assertThat(finding.cost().isEmpty()).isEqualTo(finding.verdict() == Finding.Verdict.GOOD);
        });
    assertThat(root).isEmptyDirectory();
  }

  @Test
  void parse_release_hasItsNumbers() {
    KernelVersion version = KernelVersion.parse("6.12.3+deb13-cloud-amd64");

    assertThat(version.atLeast(6, 12)).isTrue();
    assertThat(version.atLeast(6, 13)).isFalse();
    assertThat(version.atLeast(5, 99)).isTrue();
    assertThat(KernelVersion.parse("strange").atLeast(1, 0)).isFalse();
  }

  @Test
  void service_thatKillsAllOfItsProcesses_saysWhatThatCosts() {
    ServiceUnit ours = new ServiceUnit("asterism.service", "process", 16, "yes");
    ServiceUnit theirs = new ServiceUnit("stargz-snapshotter.service", "control-group", 0, "no");

    assertThat(Node.service(List.of(ours, theirs)).verdict()).isEqualTo(Finding.Verdict.COSTLY);
    assertThat(Node.service(List.of(ours, theirs)).found())
        .isEqualTo(
            "stargz-snapshotter.service has KillMode=control-group, FileDescriptorStoreMax=0");
    assertThat(Node.service(List.of(ours)).verdict()).isEqualTo(Finding.Verdict.GOOD);
  }
}
