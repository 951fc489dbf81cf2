package dev.asterism.cli.handover;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// What a unit of systemd says about the end of its service, as far as it matters to who holds the
/// mount (`systemd.kill(5)`, `systemd.service(5)`). Immutable.
///
/// @param name with `.service`
/// @param killMode `control-group` where the unit says nothing
/// @param storeMax how many descriptors the service may leave
/// @param storePreserve `yes` if they outlive a stop; empty before systemd 254
public record ServiceUnit(String name, String killMode, int storeMax, String storePreserve) {
  private static final Path OWN_CGROUP = Path.of("/proc/self/cgroup");
  private static final int MOST_OUTPUT = 1 << 16;
  private static final long LIMIT = 5; // seconds

  /// More descriptors than a gate has, and what is kept beside it.
  static final int ENOUGH = 9;

  /// Tells whether the mount outlives a stop of the service.
  public boolean leavesTheMount() {
    return killMode.equals("process")
        || killMode.equals("none")
        || (storeMax >= ENOUGH && storePreserve.equals("yes"));
  }

  /// Returns the name of the unit that this process runs in; empty if it is no service.
  static Optional<String> ofThisProcess() {
    try {
      return nameIn(Files.readString(OWN_CGROUP, StandardCharsets.UTF_8));
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// @param cgroups as `/proc/PID/cgroup` lists them: `0::/system.slice/a.service` (cgroups(7))
  static Optional<String> nameIn(String cgroups) {
    return cgroups
        .lines()
        .filter(line -> line.startsWith("0::") || line.contains(":name=systemd:"))
        .flatMap(line -> Arrays.stream(line.split("/", -1)))
        .filter(part -> part.endsWith(".service"))
        .reduce((_, last) -> last);
  }

  /// Asks systemd for a unit, five seconds at most.
  ///
  /// @return empty if there is no such unit, no systemd, or no answer
  public static Optional<ServiceUnit> ask(String name) throws InterruptedException {
    String properties = "LoadState,KillMode,FileDescriptorStoreMax,FileDescriptorStorePreserve";
    try {
      Process process =
          new ProcessBuilder("systemctl", "show", "--property=" + properties, "--", name)
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()))
              .start();
      try {
        if (!process.waitFor(LIMIT, TimeUnit.SECONDS) || process.exitValue() != 0) {
          return Optional.empty();
        }
        byte[] text = process.getInputStream().readNBytes(MOST_OUTPUT);
        return parse(name, new String(text, StandardCharsets.UTF_8));
      } finally {
        process.destroyForcibly();
      }
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  /// @param shown lines `PROPERTY=VALUE`, as `systemctl show` prints them
  static Optional<ServiceUnit> parse(String name, String shown) {
    Map<String, String> values =
        shown
            .lines()
            .map(line -> List.of(line.split("=", 2)))
            .filter(pair -> pair.size() == 2)
            .collect(Collectors.toMap(List::getFirst, List::getLast, (_, last) -> last));
    if (!values.getOrDefault("LoadState", "").equals("loaded")) {
      return Optional.empty();
    }
    String most = values.getOrDefault("FileDescriptorStoreMax", "");
    return Optional.of(
        new ServiceUnit(
            name,
            values.getOrDefault("KillMode", "control-group"),
            most.matches("\\d{1,9}") ? Integer.parseInt(most) : 0,
            values.getOrDefault("FileDescriptorStorePreserve", "")));
  }
}
