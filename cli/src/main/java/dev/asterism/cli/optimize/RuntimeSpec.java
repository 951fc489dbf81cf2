package dev.asterism.cli.optimize;

import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.List;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/// The `config.json` of a container (OCI runtime specification), with the file systems and the
/// rights that container engines usually give.
final class RuntimeSpec {
  private static final JsonFactory JSON = new JsonFactory();

  private static final List<String> CAPABILITIES =
      List.of(
          "CAP_AUDIT_WRITE",
          "CAP_CHOWN",
          "CAP_DAC_OVERRIDE",
          "CAP_FOWNER",
          "CAP_FSETID",
          "CAP_KILL",
          "CAP_MKNOD",
          "CAP_NET_BIND_SERVICE",
          "CAP_NET_RAW",
          "CAP_SETFCAP",
          "CAP_SETGID",
          "CAP_SETPCAP",
          "CAP_SETUID",
          "CAP_SYS_CHROOT");

  private static final List<BindMount> USUAL =
      List.of(
          new BindMount("proc", "proc", "/proc", List.of("nosuid", "noexec", "nodev")),
          new BindMount(
              "tmpfs", "tmpfs", "/dev", List.of("nosuid", "strictatime", "mode=755", "size=64m")),
          new BindMount(
              "devpts",
              "devpts",
              "/dev/pts",
              List.of("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5")),
          new BindMount(
              "tmpfs",
              "shm",
              "/dev/shm",
              List.of("nosuid", "noexec", "nodev", "mode=1777", "size=64m")),
          new BindMount("mqueue", "mqueue", "/dev/mqueue", List.of("nosuid", "noexec", "nodev")),
          new BindMount("sysfs", "sysfs", "/sys", List.of("nosuid", "noexec", "nodev", "ro")));

  private static final List<String> MASKED =
      List.of("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware");
  private static final List<String> READ_ONLY =
      List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger");

  private RuntimeSpec() {}

  /// Returns the file's bytes.
  ///
  /// @param names files that say who is where
  static byte[] of(Workload workload, ContainerUser user, Path rootfs, List<BindMount> names) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), out)) {
      json.writeStartObject();
      json.writeStringProperty("ociVersion", "1.0.2");
      process(json, workload, user);
      json.writeObjectPropertyStart("root");
      json.writeStringProperty("path", rootfs.toString());
      json.writeEndObject();
      json.writeStringProperty("hostname", "asterism");
      json.writeArrayPropertyStart("mounts");
      USUAL.forEach(mount -> mount(json, mount));
      names.forEach(mount -> mount(json, mount));
      workload.mounts().forEach(mount -> mount(json, mount));
      json.writeEndArray();
      linux(json, workload);
      json.writeEndObject();
    }
    return out.toByteArray();
  }

  private static void process(JsonGenerator json, Workload workload, ContainerUser user) {
    json.writeObjectPropertyStart("process");
    json.writeBooleanProperty("terminal", workload.attached() == Workload.Attached.TERMINAL);
    json.writeObjectPropertyStart("user");
    json.writeNumberProperty("uid", user.uid());
    json.writeNumberProperty("gid", user.gid());
    json.writeArrayPropertyStart("additionalGids");
    user.supplementary().forEach(json::writeNumber);
    json.writeEndArray();
    json.writeEndObject();
    strings(json, "args", workload.words());
    strings(json, "env", workload.environment());
    json.writeStringProperty("cwd", workload.directory());
    json.writeObjectPropertyStart("capabilities");
    for (String set : List.of("bounding", "effective", "permitted")) {
      strings(json, set, CAPABILITIES);
    }
    json.writeEndObject();
    json.writeBooleanProperty("noNewPrivileges", true);
    json.writeEndObject();
  }

  private static void mount(JsonGenerator json, BindMount mount) {
    json.writeStartObject();
    json.writeStringProperty("destination", mount.destination());
    json.writeStringProperty("type", mount.type());
    json.writeStringProperty("source", mount.source());
    strings(json, "options", mount.options());
    json.writeEndObject();
  }

  private static void linux(JsonGenerator json, Workload workload) {
    json.writeObjectPropertyStart("linux");
    json.writeArrayPropertyStart("namespaces");
    for (String type : List.of("pid", "ipc", "uts", "mount", "network")) {
      if (!type.equals("network") || !workload.hostNetwork()) {
        json.writeStartObject();
        json.writeStringProperty("type", type);
        json.writeEndObject();
      }
    }
    json.writeEndArray();
    json.writeObjectPropertyStart("resources");
    json.writeArrayPropertyStart("devices");
    json.writeStartObject();
    json.writeBooleanProperty("allow", false);
    json.writeStringProperty("access", "rwm");
    json.writeEndObject();
    json.writeEndArray();
    json.writeEndObject();
    strings(json, "maskedPaths", MASKED);
    strings(json, "readonlyPaths", READ_ONLY);
    json.writeEndObject();
  }

  private static void strings(JsonGenerator json, String name, List<String> values) {
    json.writeArrayPropertyStart(name);
    values.forEach(json::writeString);
    json.writeEndArray();
  }
}
