package dev.asterism.erofs;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/// Layers that get in each other's way: few names, every type, everything that a later layer can do
/// to an earlier one. The same generator state gives the same layers.
final class RandomLayers {
  private static final List<String> NAMES =
      List.of("a", "b", "c d", "ü-ж-漢", "+plus", "..dots", "x".repeat(255), "e'f");
  private static final byte[] CAPABILITY =
      HexFormat.of().parseHex("0100000200200000000000000000000000000000");
  private static final byte[] ACL =
      HexFormat.of()
          .parseHex(
              "0200000001000700ffffffff020007000b00000004000500ffffffff"
                  + "10000700ffffffff20000500ffffffff");

  private final RandomGenerator random;

  RandomLayers(RandomGenerator random) {
    this.random = random;
  }

  /// Returns a stack of layers, lowest first.
  List<List<LayerEntry>> stack(int layers, int entries) {
    List<List<LayerEntry>> stack = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      stack.add(layer(entries));
    }
    return stack;
  }

  /// A layer whose entries can all be unpacked: none has a parent that is a file.
  private List<LayerEntry> layer(int count) {
    List<LayerEntry> entries = new ArrayList<>();
    Shape shape = new Shape();
    while (entries.size() < count) {
      String path = path(1 + random.nextInt(4));
      if (!shape.canHold(path)) {
        continue;
      }
      switch (random.nextInt(12)) {
        case 0, 1, 2 -> {
          if (!shape.isImplicit(path)) {
            entries.add(new LayerEntry.Dir(path, attributes(FileType.DIRECTORY)));
            shape.put(path, true);
          }
        }
        case 3, 4, 5 -> {
          entries.add(new LayerEntry.File(path, attributes(FileType.REGULAR), text()));
          shape.put(path, false);
        }
        case 6 -> {
          entries.add(new LayerEntry.Symlink(path, attributes(FileType.SYMLINK), path(2)));
          shape.put(path, false);
        }
        case 7 -> {
          entries.add(node(path));
          shape.put(path, false);
        }
        case 8, 9 ->
            shape
                .fileOtherThan(path, random)
                .ifPresent(target -> {
                  entries.add(new LayerEntry.Link(path, attributes(FileType.SYMLINK), target));
                  shape.put(path, false);
                });
        case 10 -> {
          if (!shape.has(path)) {
            entries.add(new LayerEntry.Whiteout(path));
            shape.putWhiteout(path);
          }
        }
        default -> {
          if (!shape.isFile(path) && shape.canHold(path + "/")) {
            entries.add(new LayerEntry.Opaque(path));
            shape.putOpaque(path);
          }
        }
      }
    }
    if (random.nextInt(3) == 0) {
      shape
          .freePath(path(2))
          .ifPresent(late -> {
            entries.addFirst(
                new LayerEntry.Link(late + "-early", attributes(FileType.SYMLINK), late));
            entries.add(new LayerEntry.File(late, attributes(FileType.REGULAR), "late"));
          });
    }
    return entries;
  }

  private LayerEntry node(String path) {
    FileType type =
        List.of(FileType.FIFO, FileType.BLOCK_DEVICE, FileType.CHARACTER_DEVICE)
            .get(random.nextInt(3));
    boolean whiteout = random.nextInt(4) == 0;
    int major = whiteout ? 0 : 1 + random.nextInt(4095);
    int minor = whiteout ? 0 : random.nextInt(1 << 20);
    return new LayerEntry.Device(path, attributes(type), type, major, minor);
  }

  private String path(int depth) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < depth; i++) {
      names.add(NAMES.get(random.nextInt(random.nextInt(3) == 0 ? NAMES.size() : 4)));
    }
    return String.join("/", names);
  }

  private String text() {
    return random.nextInt(4) == 0 ? "" : "text " + random.nextInt(20);
  }

  private Attributes attributes(FileType type) {
    Map<String, byte[]> xattrs = new TreeMap<>();
    boolean file = type == FileType.REGULAR;
    if ((file || type == FileType.DIRECTORY) && random.nextInt(3) == 0) {
      String name = "user.n" + random.nextInt(3);
      xattrs.put(name, ("v" + random.nextInt(3)).getBytes(StandardCharsets.US_ASCII));
    }
    if (file && random.nextInt(4) == 0) {
      xattrs.put("security.capability", CAPABILITY);
    }
    if (type != FileType.SYMLINK && random.nextInt(6) == 0) {
      xattrs.put("system.posix_acl_access", ACL);
    }
    if (type == FileType.DIRECTORY && random.nextInt(6) == 0) {
      xattrs.put("system.posix_acl_default", ACL);
    }
    if (random.nextInt(4) == 0) {
      xattrs.put("trusted.overlay.opaque", new byte[] {'y'});
      xattrs.put("trusted.overlay.redirect", new byte[] {'/', 'x'});
    }
    int mode = random.nextInt(010000);
    return new Attributes(
        type == FileType.DIRECTORY ? mode | 0100 : mode,
        id(),
        id(),
        random.nextInt(5) == 0 ? -5 : random.nextLong(1L << 34),
        random.nextInt(2) == 0 ? 0 : random.nextInt(1_000_000_000),
        xattrs);
  }

  private long id() {
    return random.nextInt(4) == 0 ? 0xFFFFFFFEL : random.nextInt(70000);
  }
}
