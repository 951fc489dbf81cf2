package dev.asterism.testkit.layer;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/// Random layers made of corner cases. Stateless: the same generator state gives the same layer.
///
/// Names come from a small set, so that they collide: duplicates, type changes and hard links to
/// what was replaced occur. Directories are implied by names as often as they are listed.
public final class RandomTrees {
  private static final List<String> COMPONENTS =
      List.of(
          "a",
          "b",
          "etc",
          "...",
          " ",
          ".hidden",
          "with space",
          "with\nnewline",
          "ünïcödé",
          "日本語",
          "😀",
          "back\\slash",
          "quote\"'<>&",
          "x".repeat(255),
          "ü".repeat(127));
  private static final List<Long> IDS =
      List.of(0L, 1L, 1000L, 65_534L, 65_535L, 2_097_151L, 2_097_152L, 4_294_967_294L);
  private static final List<Long> TIMES =
      List.of(0L, 1L, 1_700_000_000L, (1L << 31) - 1, 1L << 31, (1L << 32) + 1, (1L << 33) - 1);
  private static final List<Integer> MODES =
      List.of(0, 0644, 0755, 0777, 04755, 02755, 01777, 07777, 0001);
  private static final int MAX_DEPTH = 4;
  private static final int MAX_MAJOR = 0xfff;
  private static final int MAX_MINOR = 0xfffff;

  private RandomTrees() {}

  /// Returns a layer of up to `count` entries.
  ///
  /// @param chunkSize sizes of files lie around it, and around 0, 512 and 4096
  public static Layer layer(RandomGenerator random, int count, int chunkSize) {
    List<Entry> entries = new ArrayList<>();
    List<String> files = new ArrayList<>();
    int wanted = random.nextInt(count + 1);
    for (int i = 0; i < wanted; i++) {
      Entry entry = entry(random, files, chunkSize);
      if (entry.content().length > 0) {
        files.add(entry.name());
      }
      entries.add(attributes(random, entry));
    }
    return new Layer(entries);
  }

  /// Returns a layer of names that occur once and are never below a file: what `tar -x` restores as
  /// it is, without surprises.
  ///
  /// @param chunkSize as in [#layer]
  public static Layer plainLayer(RandomGenerator random, int count, int chunkSize) {
    List<Entry> entries = new ArrayList<>();
    List<String> files = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String dir = "d" + i;
      entries.add(attributes(random, Entry.dir(dir)));
      String name = dir + "/" + pick(random, COMPONENTS);
      Entry entry = entry(random, name, files, chunkSize);
      if (entry.content().length > 0) {
        files.add(entry.name());
      }
      entries.add(attributes(random, entry));
    }
    return new Layer(entries);
  }

  /// Returns `size` bytes of which about half can be compressed away.
  public static byte[] content(RandomGenerator random, int size) {
    byte[] bytes = new byte[size];
    random.nextBytes(bytes);
    for (int i = 0; i < size; i++) {
      if (i % 64 < 32) {
        bytes[i] = 'a';
      }
    }
    return bytes;
  }

  private static Entry entry(RandomGenerator random, List<String> files, int chunkSize) {
    return entry(random, name(random), files, chunkSize);
  }

  private static Entry entry(
      RandomGenerator random, String name, List<String> files, int chunkSize) {
    return switch (random.nextInt(10)) {
      case 0, 1 -> Entry.dir(name);
      case 2 -> Entry.symlink(name, pick(random, List.of("a", "../b", "/etc", "x".repeat(4095))));
      case 3 -> files.isEmpty() ? Entry.fifo(name) : Entry.hardLink(name, pick(random, files));
      case 4 ->
          Entry.charDevice(name, random.nextInt(MAX_MAJOR + 1), random.nextInt(MAX_MINOR + 1));
      case 5 -> Entry.blockDevice(name, random.nextInt(2), random.nextInt(2));
      case 6 -> Entry.fifo(name);
      default -> Entry.file(name, content(random, size(random, chunkSize)));
    };
  }

  private static String name(RandomGenerator random) {
    StringBuilder name = new StringBuilder(pick(random, List.of("", "", "./", "/")));
    int depth = 1 + random.nextInt(MAX_DEPTH);
    for (int i = 0; i < depth; i++) {
      name.append(i == 0 ? "" : "/").append(pick(random, COMPONENTS));
    }
    return name.toString();
  }

  private static int size(RandomGenerator random, int chunkSize) {
    int around =
        pick(random, List.of(0, 0, 512, 4096, chunkSize, 2 * chunkSize, 3 * chunkSize + 77));
    return Math.max(0, around + random.nextInt(3) - 1);
  }

  private static Entry attributes(RandomGenerator random, Entry entry) {
    Entry changed =
        entry
            .mode(pick(random, MODES))
            .owner(pick(random, IDS), pick(random, IDS))
            .mtime(Instant.ofEpochSecond(pick(random, TIMES)));
    if (random.nextInt(3) == 0) {
      changed = changed.xattr("user.text", "value");
    }
    if (random.nextInt(4) == 0) {
      changed = changed.xattr("security.capability", capability(random));
    }
    if (random.nextInt(4) == 0) {
      changed = changed.xattr("user.empty", "").xattr("user.ü=\n", "line\nline=\0");
    }
    if (random.nextInt(8) == 0) {
      changed = changed.xattr("trusted.large", content(random, 2000));
    }
    return changed;
  }

  /// Bytes that are no UTF-8, in the form the kernel takes: `struct vfs_cap_data` of revision 2.
  private static byte[] capability(RandomGenerator random) {
    byte[] value = new byte[20];
    random.nextBytes(value);
    value[0] = 1;
    value[1] = 0;
    value[2] = 0;
    value[3] = 2;
    return value;
  }

  private static <T> T pick(RandomGenerator random, List<T> from) {
    return from.get(random.nextInt(from.size()));
  }
}
