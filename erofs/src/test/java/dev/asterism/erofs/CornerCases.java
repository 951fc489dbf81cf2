package dev.asterism.erofs;

import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;

/// A tree with everything in it that sits at an edge of the format.
final class CornerCases {
  private static final Attributes PLAIN =
      new Attributes(0644, 1000, 100, 1_700_000_000, 1, Map.of());
  private static final Content CONTENT = Content.of(Digest.of(new byte[] {1}));
  private static final byte[] ACL =
      HexFormat.of()
          .parseHex(
              "0200000001000600ffffffff020007000b00000004000400ffffffff"
                  + "10000400ffffffff20000400ffffffff");

  private CornerCases() {}

  static Tree tree() throws MalformedLayerException {
    TreeBuilder builder = new TreeBuilder();
    addNames(builder);
    addSizes(builder);
    addSymlinks(builder);
    addXattrs(builder);
    addDevices(builder);
    addDirectories(builder);
    addAttributes(builder);
    return builder.build();
  }

  private static void addNames(TreeBuilder builder) throws MalformedLayerException {
    for (String name :
        new String[] {
          "!before-dots",
          "-",
          "...",
          "..a",
          ".a",
          "~",
          "ü",
          "漢字",
          "\uD83D\uDE00",
          "a b",
          "a\nb",
          "x".repeat(255),
          "\u00FC".repeat(127)
        }) {
      builder.emptyFile(EntryPath.of("names/" + name), PLAIN);
    }
    builder.emptyFile(EntryPath.of(new byte[] {'n', '/', (byte) 0xFF, (byte) 0x80}), PLAIN);
    StringBuilder deep = new StringBuilder("deep");
    for (int i = 0; i < 15; i++) {
      deep.append('/').append("d".repeat(250));
    }
    builder.emptyFile(EntryPath.of(deep.toString()), PLAIN);
  }

  private static void addSizes(TreeBuilder builder) throws MalformedLayerException {
    builder.emptyFile(EntryPath.of("sizes/0"), PLAIN);
    for (long size :
        new long[] {1, 4095, 4096, 4097, 1 << 20, 100L << 30, 8L << 40, (8L << 40) + 1, 1L << 43}) {
      builder.regularFile(EntryPath.of("sizes/" + size), PLAIN, size, CONTENT);
    }
  }

  private static void addSymlinks(TreeBuilder builder) throws MalformedLayerException {
    for (int length : new int[] {1, 59, 60, 3900, 4031, 4032, 4033, 4094, 4095}) {
      builder.symlink(EntryPath.of("symlinks/" + length), PLAIN, "t".repeat(length));
      Attributes labelled =
          new Attributes(0, 0, 0, 0, 0, Map.of("security.selinux", new byte[length / 2]));
      builder.symlink(EntryPath.of("symlinks/labelled" + length), labelled, "t".repeat(length));
    }
  }

  private static void addXattrs(TreeBuilder builder) throws MalformedLayerException {
    for (int size : new int[] {0, 1, 3, 4, 5, 4000, 4096, 5000, 65535}) {
      byte[] value = new byte[size];
      Arrays.fill(value, (byte) 'v');
      Map<String, byte[]> xattrs = Map.of("user.v" + size, value, "security.same", ACL);
      Attributes attributes = new Attributes(0600, 0, 0, 0, 0, xattrs);
      builder.emptyFile(EntryPath.of("xattrs/" + size), attributes);
      builder.regularFile(EntryPath.of("xattrs/shared" + size), attributes, 9, CONTENT);
      builder.directory(EntryPath.of("xattrs/dir" + size), attributes);
    }
    Map<String, byte[]> acls =
        Map.of("system.posix_acl_access", ACL, "system.posix_acl_default", ACL);
    builder.directory(EntryPath.of("xattrs/acl"), new Attributes(0644, 0, 0, 0, 0, acls));
    builder.emptyFile(EntryPath.of("xattrs/aclfile"), new Attributes(0640, 0, 0, 0, 0, acls));
    Map<String, byte[]> longName =
        Map.of("user." + "n".repeat(250), "value".getBytes(StandardCharsets.UTF_8));
    builder.emptyFile(EntryPath.of("xattrs/name"), new Attributes(0, 0, 0, 0, 0, longName));
  }

  private static void addDevices(TreeBuilder builder) throws MalformedLayerException {
    long[][] numbers = {{1, 3}, {255, 255}, {256, 256}, {4095, 1048575}, {8, 0}, {0, 0}, {0, 1}};
    for (long[] number : numbers) {
      String name = "devices/" + number[0] + "-" + number[1];
      builder.characterDevice(EntryPath.of(name + "c"), PLAIN, number[0], number[1]);
      builder.blockDevice(EntryPath.of(name + "b"), PLAIN, number[0], number[1]);
    }
    builder.fifo(EntryPath.of("devices/fifo"), PLAIN);
  }

  private static void addDirectories(TreeBuilder builder) throws MalformedLayerException {
    for (int i = 0; i < 20_000; i++) {
      builder.emptyFile(EntryPath.of("many/file" + i), PLAIN);
    }
    for (int i = 0; i < 300; i++) {
      builder.directory(EntryPath.of("subdirectories/" + i), PLAIN);
    }
    for (int count = 0; count < 60; count++) {
      builder.directory(EntryPath.of("sized/" + count), PLAIN);
      for (int i = 0; i < count; i++) {
        builder.emptyFile(EntryPath.of("sized/" + count + "/" + "n".repeat(100) + i), PLAIN);
      }
    }
    for (int i = 0; i < 1000; i++) {
      builder.hardLink(EntryPath.of("links/" + i), EntryPath.of("sizes/4096"), PLAIN);
    }
  }

  private static void addAttributes(TreeBuilder builder) throws MalformedLayerException {
    builder.emptyFile(EntryPath.of("a/mode"), new Attributes(07777, 0, 0, 0, 0, Map.of()));
    builder.directory(EntryPath.of("a/dir"), new Attributes(07777, 0, 0, 0, 0, Map.of()));
    builder.emptyFile(
        EntryPath.of("a/last"),
        new Attributes(0, 0xFFFFFFFEL, 0xFFFFFFFEL, 9_223_372_035L, 999_999_999, Map.of()));
    builder.emptyFile(EntryPath.of("a/2038"), Attributes.of(0, 65535, 65536, 1L << 31));
    builder.emptyFile(EntryPath.of("a/2106"), Attributes.of(0, 1L << 31, 1L << 31, 1L << 32));
  }
}
