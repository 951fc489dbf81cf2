package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/// What our own reader says of an image, in the words of [Listing].
final class ImageListing {
  private static final Map<FileType, String> LETTERS =
      Map.of(
          FileType.REGULAR, "f",
          FileType.DIRECTORY, "d",
          FileType.SYMLINK, "l",
          FileType.CHARACTER_DEVICE, "c",
          FileType.BLOCK_DEVICE, "b",
          FileType.FIFO, "p");

  private ImageListing() {}

  /// Returns attributes by path; the root is left out.
  static Map<String, Map<String, String>> of(ErofsImage image) throws MalformedLayerException {
    Map<String, Map<String, String>> files = new TreeMap<>();
    image.walk((path, nid, stat) -> {
      if (!path.isRoot()) {
        files.put(latin(path.toBytes()), describe(image, nid, stat));
      }
    });
    return files;
  }

  private static Map<String, String> describe(ErofsImage image, long nid, Stat stat)
      throws MalformedLayerException {
    boolean directory = stat.type() == FileType.DIRECTORY;
    boolean symlink = stat.type() == FileType.SYMLINK;
    boolean device =
        stat.type() == FileType.BLOCK_DEVICE || stat.type() == FileType.CHARACTER_DEVICE;
    Map<String, String> attributes = new TreeMap<>();
    attributes.put("type", LETTERS.getOrDefault(stat.type(), "?"));
    attributes.put("mode", Integer.toOctalString(stat.permissions()));
    attributes.put("owner", stat.uid() + ":" + stat.gid());
    attributes.put("mtime", "%d.%09d0".formatted(stat.mtimeSeconds(), stat.mtimeNanos()));
    attributes.put("links", String.valueOf(stat.links()));
    attributes.put("size", directory ? "-" : String.valueOf(stat.size()));
    attributes.put("target", symlink ? latin(image.readlink(nid)) : "");
    if (device) {
      attributes.put("device", "%x,%x".formatted(stat.major(), stat.minor()));
    }
    Map<String, byte[]> xattrs = image.xattrs(nid);
    if (!xattrs.isEmpty()) {
      attributes.put(
          "xattrs",
          xattrs.entrySet().stream()
              .map(e -> e.getKey() + "=0x" + HexFormat.of().formatHex(e.getValue()))
              .sorted()
              .collect(Collectors.joining(" ")));
    }
    return attributes;
  }

  private static String latin(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
