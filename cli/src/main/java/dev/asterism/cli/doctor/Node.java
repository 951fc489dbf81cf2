package dev.asterism.cli.doctor;

import dev.asterism.cache.NameOrder;
import dev.asterism.cli.handover.ServiceUnit;
import dev.asterism.layers.MetadataImage;
import dev.asterism.linux.Xattrs;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The machine that this runs on, and the place where the store would lie, asked what lazy images
/// need.
public final class Node {
  private static final long CAP_SYS_ADMIN = 1L << 21; // linux/capability.h

  private final Path root;
  private final KernelVersion kernel = KernelVersion.parse(System.getProperty("os.version", ""));

  /// @param root where the store would lie; need not be there
  public Node(Path root) {
    this.root = root;
  }

  /// Looks at everything. What it mounts and writes to find out is gone when it returns.
  public List<Finding> examine() throws InterruptedException {
    return List.of(
        kernelRelease(),
        mounting(),
        fuse(),
        passthrough(),
        dataOnlyLayers(),
        metadataImages(),
        attributes(),
        hardLinks(),
        orderOfNames(),
        openFiles(),
        service(),
        containerd());
  }

  private Finding kernelRelease() {
    String found = "Linux " + kernel.text();
    return kernel.atLeast(6, 12)
        ? Finding.good("kernel", found)
        : Finding.fatal(
            "kernel", found, "6.12 or newer is needed: images fall back to an ordinary pull");
  }

  private static Finding mounting() {
    return mayMount()
        ? Finding.good("mounts", "allowed (CAP_SYS_ADMIN)")
        : Finding.fatal("mounts", "not allowed", "the daemon needs CAP_SYS_ADMIN: run it as root");
  }

  private static boolean mayMount() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("CapEff:"))
          .map(line -> Long.parseUnsignedLong(line.substring(7).strip(), 16))
          .anyMatch(capabilities -> (capabilities & CAP_SYS_ADMIN) != 0);
    } catch (IOException | NumberFormatException _) {
      return false;
    }
  }

  private static Finding fuse() {
    Path device = Path.of("/dev/fuse");
    if (!Files.exists(device)) {
      return Finding.fatal("FUSE", "no /dev/fuse", "what is not there yet cannot be fetched");
    }
    return Files.isReadable(device) && Files.isWritable(device)
        ? Finding.good("FUSE", "/dev/fuse")
        : Finding.fatal("FUSE", "/dev/fuse may not be opened", "run it as root");
  }

  private Finding passthrough() {
    return kernel.atLeast(6, 9)
        ? Finding.good("FUSE passthrough", "since 6.9")
        : Finding.costly(
            "FUSE passthrough",
            "needs 6.9",
            "large files that were fetched while open are read at a quarter of the speed");
  }

  private Finding dataOnlyLayers() throws InterruptedException {
    String subject = "overlayfs, data-only layers";
    if (!mayMount()) {
      return kernel.atLeast(6, 5)
          ? Finding.good(subject, "since 6.5 (not tried: mounts are not allowed)")
          : Finding.fatal(subject, "needs 6.5", "images fall back to an ordinary pull");
    }
    boolean works =
        Probe.succeedsWithMounts(
            """
            mount -t tmpfs none /tmp
            mkdir /tmp/a /tmp/b /tmp/m
            mount -t overlay -o ro,metacopy=on,lowerdir=/tmp/a::/tmp/b none /tmp/m
            """);
    return works
        ? Finding.good(subject, "mounted one")
        : Finding.fatal(subject, "cannot be mounted", "images fall back to an ordinary pull");
  }

  private Finding metadataImages() throws InterruptedException {
    String subject = "EROFS from a file";
    String cost = "images fall back to an ordinary pull";
    if (!isFileSystem("erofs") && mayMount()) {
      Probe.firstLine(List.of("modprobe", "erofs"));
    }
    if (!isFileSystem("erofs")) {
      return Finding.fatal(subject, "no EROFS in the kernel", cost);
    }
    if (!mayMount()) {
      return kernel.atLeast(6, 12)
          ? Finding.good(subject, "since 6.12 (not tried: mounts are not allowed)")
          : Finding.fatal(subject, "needs 6.12", cost);
    }
    return triedBelowRoot(
        subject,
        scratch -> {
          MetadataImage.tryMount(scratch.path(), "image");
          return Finding.good(subject, "mounted one on " + place());
        },
        e -> {
          String found = "cannot be mounted on %s (%s)".formatted(place(), e.getMessage());
          return Finding.fatal(
              subject, found, cost + "; --root must lie on a disk's file system: ext4, xfs, btrfs");
        });
  }

  private static boolean isFileSystem(String name) {
    try {
      return Files.readAllLines(Path.of("/proc/filesystems")).stream()
          .anyMatch(line -> line.strip().replaceFirst("^nodev\\s+", "").equals(name));
    } catch (IOException _) {
      return false;
    }
  }

  private Finding attributes() {
    String subject = "trusted.* attributes";
    if (!mayMount()) {
      return Finding.costly(subject, "not tried on " + root, "run this as root to know");
    }
    return triedBelowRoot(
        subject,
        scratch -> {
          Path upper = Files.createDirectory(scratch.path().resolve("upper"));
          Xattrs.set(upper, "trusted.overlay.opaque", new byte[] {'y'});
          return Finding.good(subject, place());
        },
        e ->
            Finding.fatal(
                subject,
                "none on %s (%s)".formatted(place(), e.getMessage()),
                "no container can replace a directory of its image: --root must lie elsewhere"));
  }

  private Finding hardLinks() {
    String subject = "hard links";
    return triedBelowRoot(
        subject,
        scratch -> {
          Path first = Files.createFile(scratch.path().resolve("first"));
          Files.createLink(scratch.path().resolve("second"), first);
          return Finding.good(subject, place());
        },
        e ->
            Finding.costly(
                subject,
                "none on %s (%s)".formatted(place(), e),
                "equal chunks of different layers are kept once for each layer"));
  }

  /// Without it nobody knows after a power cut which files are whole.
  private Finding orderOfNames() {
    String subject = "order of names";
    return NameOrder.isKept(Scratch.existing(root))
        ? Finding.good(subject, "kept on " + place())
        : Finding.costly(
            subject,
            "not known to be kept on %s: no journal".formatted(place()),
            "after a power cut the whole store is hashed again, and the start takes 10 µs a file"
                + " longer: give ext4 a journal (tune2fs -j, unmounted), or take XFS or Btrfs");
  }

  /// Tries something where the store would lie.
  private Finding triedBelowRoot(
      String subject, Trial trial, Function<Exception, Finding> whenRefused) {
    try (Scratch scratch = Scratch.below(root)) {
      try {
        return trial.in(scratch);
      } catch (IOException | UnsupportedOperationException e) {
        return whenRefused.apply(e);
      }
    } catch (AccessDeniedException _) {
      return Finding.costly(
          subject, "not tried on " + root, "it may not be written: run this as root to know");
    } catch (IOException e) {
      return Finding.fatal(
          subject,
          "not tried on %s (%s)".formatted(place(), e),
          "the daemon can keep nothing there");
    }
  }

  /// What is tried in a scratch directory.
  @FunctionalInterface
  private interface Trial {
    Finding in(Scratch scratch) throws IOException;
  }

  /// The root, and the type of the file system that it lies on or would lie on.
  private String place() {
    try {
      return "%s (%s)".formatted(root, Files.getFileStore(Scratch.existing(root)).type());
    } catch (IOException _) {
      return root.toString();
    }
  }

  private static Finding openFiles() {
    String subject = "open files";
    try {
      long most =
          Files.readAllLines(Path.of("/proc/self/limits")).stream()
              .filter(line -> line.startsWith("Max open files"))
              .map(line -> line.strip().split("\\s+", -1)[4])
              .mapToLong(word -> word.equals("unlimited") ? Long.MAX_VALUE : Long.parseLong(word))
              .findFirst()
              .orElse(0);
      return most >= 65_536
          ? Finding.good(subject, "up to " + most)
          : Finding.costly(
              subject,
              "up to " + most,
              "with many files open through the gate, others fail: raise it (LimitNOFILE=)");
    } catch (IOException | RuntimeException e) {
      return Finding.costly(subject, "unknown (%s)".formatted(e), "the limit could not be read");
    }
  }

  /// The units by which a daemon is started here.
  private static Finding service() throws InterruptedException {
    List<ServiceUnit> units = new ArrayList<>();
    for (String name : List.of("asterism.service", "stargz-snapshotter.service")) {
      ServiceUnit.ask(name).ifPresent(units::add);
    }
    return service(units);
  }

  static Finding service(List<ServiceUnit> units) {
    String subject = "service";
    Optional<ServiceUnit> wrong = units.stream().filter(unit -> !unit.leavesTheMount()).findFirst();
    if (wrong.isPresent()) {
      return Finding.costly(
          subject,
          "%s has KillMode=%s, FileDescriptorStoreMax=%d"
              .formatted(wrong.get().name(), wrong.get().killMode(), wrong.get().storeMax()),
          "a stop or restart takes from containers what they have not read: install the drop-in"
              + " (docs/operations.md)");
    }
    return Finding.good(
        subject,
        units.isEmpty()
            ? "no unit of systemd"
            : units.stream()
                .map(unit -> unit.name() + " leaves the mount")
                .collect(Collectors.joining(", ")));
  }

  private static Finding containerd() throws InterruptedException {
    return Probe.firstLine(List.of("containerd", "--version"))
        .map(line -> Finding.good("containerd", line))
        .orElseGet(() ->
            Finding.costly("containerd", "not on PATH", "only 'asterism mount' works without it"));
  }
}
