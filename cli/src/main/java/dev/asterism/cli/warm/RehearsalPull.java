package dev.asterism.cli.warm;

import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.registry.TestImage;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/// One image: pulled as containerd does it, mounted as runc does it, read, removed.
///
/// @param registry serves it
/// @param calls the daemon
/// @param scratch for mountpoints
record RehearsalPull(TestRegistry registry, SnapshotsCalls calls, Path scratch) {
  private static final int LAYERS = 3;
  private static final int FOLDERS = 100; // of a layer
  private static final int FILES = 20; // of a folder
  private static final int SIZE = 6 << 10; // 6 KiB: of a file, at most
  private static final int MODULES = 100; // of a layer
  private static final int WORDS = 500; // of a module
  private static final int LARGE = 200 << 10; // 200 KiB: many chunks

  private static final String SCRIPT =
      """
      mount -t overlay overlay -o "$1" "$2" &&
      cd "$2" && ls -lR >/dev/null && find . -type f -exec cat {} + >/dev/null
      """;

  /// Runs it.
  ///
  /// @param number tells the image and its content from others
  void run(int number) throws IOException, InterruptedException {
    List<Layer.EstargzBlob> layers = new ArrayList<>();
    for (int i = 0; i < LAYERS; i++) {
      layers.add(layer(number, i).estargz());
    }
    TestImage image =
        registry.image(
            "rehearsal/image",
            "version-" + number,
            layers.stream().map(RehearsalPull::served).toArray(TestLayer[]::new));
    String key = "container-" + number;
    for (int i = 0; i < layers.size(); i++) {
      calls.pull(registry.reference(image), layers, i);
    }
    read(calls.prepare(key, SnapshotsCalls.nameOf(layers)), key);
    calls.remove(key);
  }

  static TestLayer served(Layer.EstargzBlob layer) {
    return TestLayer.gzip(layer.bytes());
  }

  /// Makes up a layer.
  ///
  /// @param number of the image
  /// @param index within the image
  static Layer layer(int number, int index) {
    Random random = new Random(31L * number + index);
    List<Entry> entries = new ArrayList<>();
    for (int folder = 0; folder < FOLDERS; folder++) {
      String name = "usr/folder-%d".formatted(folder);
      entries.add(Entry.dir(name));
      for (int file = 0; file < FILES; file++) {
        String path = "%s/layer-%d-file-%d".formatted(name, index, file);
        entries.add(Entry.file(path, bytes(random, random.nextInt(SIZE))).mode(0644));
      }
      entries.add(Entry.symlink("%s/layer-%d-link".formatted(name, index), "layer-0-file-0"));
      entries.add(Entry.file("%s/changed".formatted(name), "by layer " + index));
    }
    addModules(entries, index);
    entries.add(Entry.file("usr/large-" + index, bytes(random, LARGE)));
    entries.add(Entry.hardLink("usr/again-" + index, "usr/large-" + index));
    entries.add(Entry.file("usr/with-xattr-" + index, "x").xattr("user.note", "kept"));
    entries.add(Entry.whiteout("usr/folder-%d/layer-0-file-1".formatted(index)));
    return new Layer(entries);
  }

  /// Modules that name each other, as an interpreter's do.
  private static void addModules(List<Entry> entries, int index) {
    String home = "usr/lib/modules-" + index;
    for (int i = 0; i < MODULES; i++) {
      StringBuilder text = new StringBuilder();
      for (int word = 0; word < WORDS; word++) {
        text.append(word % 50 == 0 ? "module_" + (i + word) % MODULES : "word_" + i * word)
            .append(' ');
      }
      entries.add(
          Entry.file(
              "%s/__pycache__/module_%d.cpython-311.pyc".formatted(home, i), text.toString()));
      entries.add(Entry.file("%s/module_%d.py".formatted(home, i), "source " + i));
    }
  }

  private static byte[] bytes(Random random, int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    return bytes;
  }

  /// Mounts and reads in a mount namespace that ends with the reader.
  private void read(SnapshotsCalls.Mounted mount, String key)
      throws IOException, InterruptedException {
    Path mountpoint = Files.createDirectory(scratch.resolve(key));
    String options = String.join(",", mount.options());
    Command.of("unshare", "--mount", "--propagation", "private", "sh", "-c", SCRIPT)
        .with("sh", options, mountpoint.toString())
        .runOrThrow();
  }
}
