package dev.asterism.estargz.tar;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/// Tars for tests.
public final class TarSamples {
  private static final byte[] CAPABILITY = {1, (byte) 0xff, (byte) 0x80, (byte) 0xfe, 2, 0, '\n'};

  private TarSamples() {}

  /// A tar with an entry of every type, and whatever needs a PAX header.
  public static byte[] everyType() throws IOException {
    return write(everyEntry());
  }

  static List<TarEntry> everyEntry() {
    return List.of(
        entry("d/", TarEntry.Type.DIRECTORY, "", 0, 0, Map.of()),
        entry("d/f", TarEntry.Type.FILE, "", 2500, 0, Map.of("security.capability", CAPABILITY)),
        entry("h", TarEntry.Type.HARD_LINK, "d/f", 0, 0, Map.of()),
        entry("s", TarEntry.Type.SYMLINK, "x".repeat(300), 0, 0, Map.of()),
        entry("d/empty", TarEntry.Type.FILE, "", 0, 0, Map.of("user.empty", new byte[0])),
        entry("c", TarEntry.Type.CHARACTER_DEVICE, "", 0, 5, Map.of()),
        entry("b", TarEntry.Type.BLOCK_DEVICE, "", 0, 6, Map.of()),
        entry("ü".repeat(120), TarEntry.Type.FIFO, "", 0, 0, Map.of()),
        entry("p".repeat(99) + "/" + "q".repeat(99), TarEntry.Type.FILE, "", 1, 0, Map.of()),
        entry("r".repeat(200) + "/" + "q".repeat(99), TarEntry.Type.FILE, "", 512, 0, Map.of()));
  }

  static byte[] write(List<TarEntry> entries) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    TarWriter writer = new TarWriter(bytes);
    for (TarEntry entry : entries) {
      writer.add(entry, new ByteArrayInputStream(content(entry)));
    }
    writer.finish();
    return bytes.toByteArray();
  }

  static byte[] content(TarEntry entry) {
    byte[] content = new byte[(int) entry.size()];
    Arrays.fill(content, (byte) 'x');
    return content;
  }

  private static TarEntry entry(
      String name,
      TarEntry.Type type,
      String link,
      long size,
      long device,
      Map<String, byte[]> xattrs) {
    return new TarEntry(
        name,
        type,
        link,
        07755,
        4_294_967_295L,
        2_097_152,
        "user",
        "größe",
        Instant.parse("1969-12-31T23:59:58.250Z"),
        size,
        device,
        device == 0 ? 0 : 1_048_575,
        xattrs);
  }
}
