package dev.asterism.cli.handover;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What systemd says of a service, and the units that come with the program.
class ServiceUnitTest {
  private static final Path UNITS = Path.of("..", "packaging", "systemd");

  private static ServiceUnit parse(String... lines) {
    return ServiceUnit.parse("a.service", "LoadState=loaded\n" + String.join("\n", lines))
        .orElseThrow();
  }

  @Test
  void parse_theStargzSnapshottersUnit_doesNotLeaveTheMount() {
    ServiceUnit unit =
        parse(
            "KillMode=control-group",
            "FileDescriptorStoreMax=0",
            "FileDescriptorStorePreserve=restart");

    assertThat(unit.leavesTheMount()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "process, 0, restart, true",
    "none, 0, '', true",
    "mixed, 0, restart, false",
    "control-group, 16, yes, true",
    "control-group, 16, restart, false", // a stop empties the store
    "control-group, 16, '', false", // so does every systemd before 254
    "control-group, 2, yes, false" // too few for a gate
  })
  void parse_oneUnit_leavesTheMountWhereSomebodyHoldsItOverAStop(
      String killMode, int most, String preserve, boolean leaves) {
    ServiceUnit unit =
        parse(
            "KillMode=" + killMode,
            "FileDescriptorStoreMax=" + most,
            "FileDescriptorStorePreserve=" + preserve);

    assertThat(unit.leavesTheMount()).isEqualTo(leaves);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "LoadState=not-found\nKillMode=control-group", "strange"})
  void parse_noSuchUnit_isEmpty(String shown) {
    assertThat(ServiceUnit.parse("a.service", shown)).isEmpty();
  }

  @Test
  void nameIn_cgroupsOfAService_isTheInnermostService() {
    assertThat(ServiceUnit.nameIn("0::/system.slice/stargz-snapshotter.service\n"))
        .hasValue("stargz-snapshotter.service");
    assertThat(ServiceUnit.nameIn("4:memory:/x.service\n1:name=systemd:/s.slice/a.service/b\n"))
        .hasValue("a.service");
    assertThat(ServiceUnit.nameIn("0::/user.slice/session-1.scope\n")).isEmpty();
  }

  /// Our unit, and the drop-in for the unit of the program that is replaced.
  @ParameterizedTest
  @ValueSource(strings = {"asterism.service", "stargz-snapshotter.service.d/asterism.conf"})
  void units_thatComeWithTheProgram_leaveTheMount(String file) throws IOException {
    String settings =
        Files.readAllLines(UNITS.resolve(file)).stream()
            .filter(line -> line.startsWith("KillMode=") || line.startsWith("FileDescriptorStore"))
            .collect(Collectors.joining("\n"));
    List<String> alone = settings.lines().filter(line -> !line.startsWith("KillMode")).toList();

    assertThat(parse(settings).leavesTheMount()).isTrue();
    assertThat(parse(String.join("\n", alone)).leavesTheMount()).isTrue();
    assertThat(parse(settings).killMode()).isEqualTo("process");
  }
}
