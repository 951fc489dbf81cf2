package dev.asterism.testkit.image;

import static java.nio.file.LinkOption.NOFOLLOW_LINKS;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;

/// Images that share one runtime and no layer: in each the runtime was built anew, so that its
/// layer has another digest, though all files but one are the same.
///
/// The runtime is a shell with its libraries, 300 files of 4 to 60 KB, and some large ones; above
/// it lies a small application. Confined to one thread.
public final class SharedRuntime {
  /// Where the runtime's files lie in an image.
  public static final String FOLDER = "/opt/runtime";

  private static final List<Path> PROGRAMS =
      List.of(
          Path.of("/bin/bash"),
          Path.of("/bin/cat"),
          Path.of("/usr/bin/find"),
          Path.of("/bin/sleep"));
  private static final int FILES = 300;
  private static final int SMALLEST = 4_000;
  private static final int SPREAD = 56_000;
  private static final int LARGE_FILES = 20;
  private static final int LARGE = 4 << 20; // 4 MiB
  private static final int APPLICATION = 50_000; // bytes

  private final Path folder;
  private final Path runtime;
  private final EstargzOptions options;
  private final Map<Digest, Long> contents = new HashMap<>();

  private SharedRuntime(Path folder, Path runtime, EstargzOptions options) {
    this.folder = folder;
    this.runtime = runtime;
    this.options = options;
  }

  /// Makes the runtime of what is on this machine.
  ///
  /// @param folder where trees and blobs are made; the caller removes it
  /// @throws IOException if the disk is full, or a tool is missing (tar, ldd, cp)
  public static SharedRuntime make(Path folder, EstargzOptions options)
      throws IOException, InterruptedException {
    Path tree = Files.createDirectories(folder.resolve("runtime"));
    NavigableSet<Path> files = SharedLibraries.of(PROGRAMS);
    files.addAll(PROGRAMS);
    for (Path file : files) {
      Path copy = tree.resolve(Path.of("/").relativize(file));
      Files.createDirectories(parent(copy));
      Files.copy(file, copy);
    }
    Files.createSymbolicLink(tree.resolve("bin/sh"), Path.of("bash"));
    for (String empty : List.of("dev", "proc", "sys", "etc", "app", "tmp")) {
      Files.createDirectories(tree.resolve(empty));
    }
    Random random = new Random(1);
    Path made = Files.createDirectories(tree.resolve(FOLDER.substring(1)));
    for (int i = 0; i < FILES; i++) {
      write(made.resolve("file-" + i), random, SMALLEST + random.nextInt(SPREAD));
    }
    for (int i = 0; i < LARGE_FILES; i++) {
      write(made.resolve("large-" + i), random, LARGE);
    }
    SharedRuntime shared = new SharedRuntime(folder, tree, options);
    shared.note(tree);
    return shared;
  }

  /// Returns the sizes of all files of the images that were made, by what they hash to.
  public Map<Digest, Long> contents() {
    return Map.copyOf(contents);
  }

  /// Makes one image of it.
  ///
  /// @param number the same number gives the same layers
  public BuiltImage image(int number) throws IOException, InterruptedException {
    Path build = runtime.resolve("etc/build");
    Files.writeString(build, "build %d of one runtime\n".formatted(number));
    note(build);
    BuiltLayer below = BuiltLayer.pack(runtime, options, folder.resolve("runtime-" + number));
    Path tree = Files.createDirectories(folder.resolve("app-%d.tree/app".formatted(number)));
    write(tree.resolve("application"), new Random(-1 - number), APPLICATION);
    note(tree);
    BuiltLayer above = BuiltLayer.pack(parent(tree), options, folder.resolve("app-" + number));
    Command.of("rm", "-rf", parent(tree).toString()).runOrThrow();
    return new BuiltImage(List.of(below, above), List.of("/bin/sleep", "infinity"));
  }

  private void note(Path tree) throws IOException {
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path file : all.filter(each -> Files.isRegularFile(each, NOFOLLOW_LINKS)).toList()) {
        byte[] bytes = Files.readAllBytes(file);
        contents.put(Digest.of(bytes), (long) bytes.length);
      }
    }
  }

  private static void write(Path file, Random random, int size) throws IOException {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    Files.write(file, bytes);
  }

  private static Path parent(Path file) {
    return Optional.ofNullable(file.getParent()).orElseThrow();
  }
}
