package dev.asterism.snapshotter;

import dev.asterism.content.Digest;
import dev.asterism.layers.Chain;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.stream.Collectors;

/// How the parents of a snapshot become lower directories, and those a mount. Pure.
///
/// Runs of remote parents become one chain each: one directory of merged metadata. Ordinary parents
/// stay what they are, one directory each. Where there is a chain, the data-only layers (overlayfs,
/// "Data-only lower layers") follow behind `::`, and `metacopy=on` lets the kernel follow the
/// chain's redirects; it implies `redirect_dir=on`.
public final class MountPlan {
  // copy_mount_options in the kernel's fs/namespace.c takes one page, its NUL included.
  private static final int MAX_OPTION_BYTES = 4095;

  /// Nothing for whoever mounts, after an overlay with data-only layers: a remount that changes no
  /// flag, which containerd leaves out. It keeps containerd from looking for `/etc/passwd` in the
  /// directories of `lowerdir` without mounting them, as 2.3 and later do where the last mount is
  /// an overlay: they split it at each colon, and a chain's files have no bytes of their own.
  private static final Mount SEAL = new Mount("none", "none", List.of("remount", "bind"));

  private static final Mount READ_ONLY_SEAL =
      new Mount("none", "none", List.of("remount", "bind", "ro"));

  private MountPlan() {}

  /// One step of a parent chain. Immutable.
  sealed interface Parent {
    /// An unpacked snapshot.
    ///
    /// @param fs its directory
    record Ordinary(Path fs) implements Parent {}

    /// A lazy layer.
    record Remote(Digest layer) implements Parent {}
  }

  /// One lower directory of an overlay, before its chain is mounted. Immutable.
  sealed interface Lower {
    /// An unpacked snapshot.
    record Directory(Path fs) implements Lower {}

    /// Merged metadata of consecutive lazy layers.
    record Merged(Chain chain) implements Lower {}
  }

  /// What the top of an overlay is.
  public sealed interface Top {
    /// Nothing: read-only.
    record ReadOnly() implements Top {}

    /// An upper and a work directory.
    record Writable(Path upper, Path work) implements Top {}
  }

  /// Returns the lower directories for `parents`, in the same order: topmost first.
  static List<Lower> lowers(List<? extends Parent> parents) {
    Deque<Lower> lowers = new ArrayDeque<>(); // topmost first, as the next
    Deque<Chain.Below> below = new ArrayDeque<>();
    List<Digest> run = new ArrayList<>();
    for (Parent parent : parents.reversed()) {
      switch (parent) {
        case Parent.Remote(Digest layer) -> run.add(layer);
        case Parent.Ordinary(Path fs) -> {
          endRun(run, below, lowers);
          lowers.addFirst(new Lower.Directory(fs));
          below.addFirst(new Chain.Below.Unpacked(fs));
        }
      }
    }
    endRun(run, below, lowers);
    return List.copyOf(lowers);
  }

  private static void endRun(List<Digest> run, Deque<Chain.Below> below, Deque<Lower> lowers) {
    if (!run.isEmpty()) {
      Chain chain = new Chain(run, List.copyOf(below));
      lowers.addFirst(new Lower.Merged(chain));
      below.addFirst(new Chain.Below.Merged(chain.id()));
      run.clear();
    }
  }

  /// Returns the mount of unpacked snapshots: what containerd's own overlay snapshotter answers.
  ///
  /// @param top the snapshot's own directories; of a view only what it shows where it has no parent
  /// @param own the snapshot's `fs`, mounted itself where there is nothing below
  /// @param lowers topmost first
  /// @param common options of every overlay on this kernel
  static Mount ordinary(Top top, Path own, List<Path> lowers, List<String> common) {
    return switch (top) {
      case Top.Writable _ when lowers.isEmpty() -> bind(own, "rw");
      case Top.ReadOnly _ when lowers.isEmpty() -> bind(own, "ro");
      case Top.ReadOnly _ when lowers.size() == 1 -> bind(lowers.getFirst(), "ro");
      case Top.Writable _, Top.ReadOnly _ ->
          new Mount("overlay", "overlay", overlay(top, joined(lowers, ":"), common));
    };
  }

  /// Returns the mount of an overlay with at least one chain.
  ///
  /// @param lowers topmost first: unpacked directories and mountpoints of chains
  /// @param data the data-only layers, in the order the kernel searches them
  /// @param common options of every overlay on this kernel
  /// @throws SnapshotException if the kernel would not take so many bytes of options:
  ///   FAILED_PRECONDITION
  public static Mount lazy(Top top, List<Path> lowers, List<Path> data, List<String> common)
      throws SnapshotException {
    String lowerdir =
        joined(lowers, ":") + data.stream().map(path -> "::" + path).collect(Collectors.joining());
    List<String> options = new ArrayList<>(overlay(top, lowerdir, common));
    options.add("metacopy=on");
    int length = String.join(",", options).getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_OPTION_BYTES) {
      throw SnapshotException.failedPrecondition(
          "the overlay has %d lower directories and %d bytes of options, the kernel takes %d bytes: an image with fewer unpacked layers, or a shorter root path, is needed"
              .formatted(lowers.size(), length, MAX_OPTION_BYTES));
    }
    if (top instanceof Top.ReadOnly) {
      options.addFirst("ro");
    }
    return new Mount("overlay", "overlay", options);
  }

  /// Returns what to answer for the mount of [#lazy]: mounts for one place, one after the other.
  static List<Mount> sealed(Top top, Mount lazy) {
    return switch (top) {
      case Top.Writable _ -> List.of(lazy, SEAL);
      case Top.ReadOnly _ -> List.of(lazy, READ_ONLY_SEAL);
    };
  }

  private static List<String> overlay(Top top, String lowerdir, List<String> common) {
    List<String> options = new ArrayList<>(common);
    switch (top) {
      case Top.ReadOnly _ -> {}
      case Top.Writable(Path upper, Path work) -> {
        options.add("workdir=" + work);
        options.add("upperdir=" + upper);
      }
    }
    options.add("lowerdir=" + lowerdir);
    return options;
  }

  private static Mount bind(Path source, String access) {
    return new Mount("bind", source.toString(), List.of(access, "rbind"));
  }

  private static String joined(List<Path> paths, String separator) {
    return paths.stream().map(Path::toString).collect(Collectors.joining(separator));
  }
}
