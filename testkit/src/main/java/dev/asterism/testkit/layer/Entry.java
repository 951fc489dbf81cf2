package dev.asterism.testkit.layer;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.estargz.tar.TarEntry;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/// One entry of a test's layer: a tar header and content. Immutable; the withers return changed
/// copies.
///
/// Unless told otherwise directories are 0755, files 0644, links 0777, all of root and of the time
/// [#TIME].
public final class Entry {
  /// When everything was made that has no time of its own.
  public static final Instant TIME = Instant.parse("2024-05-06T07:08:09Z");

  private final TarEntry header;
  private final byte[] content;

  private Entry(TarEntry header, byte[] content) {
    this.header = header;
    this.content = content;
  }

  /// A directory.
  public static Entry dir(String name) {
    return of(name.endsWith("/") ? name : name + "/", TarEntry.Type.DIRECTORY, "", 0755);
  }

  /// A file that holds a text.
  public static Entry file(String name, String content) {
    return file(name, content.getBytes(UTF_8));
  }

  /// A file that holds `content`, which is not copied.
  public static Entry file(String name, byte[] content) {
    TarEntry header =
        new TarEntry(
            name, TarEntry.Type.FILE, "", 0644, 0, 0, "", "", TIME, content.length, 0, 0, Map.of());
    return new Entry(header, content);
  }

  /// A symbolic link.
  public static Entry symlink(String name, String target) {
    return of(name, TarEntry.Type.SYMLINK, target, 0777);
  }

  /// Another name of `target`, a name from the layer's root.
  public static Entry hardLink(String name, String target) {
    return of(name, TarEntry.Type.HARD_LINK, target, 0644);
  }

  /// A named pipe.
  public static Entry fifo(String name) {
    return of(name, TarEntry.Type.FIFO, "", 0644);
  }

  /// A character device.
  public static Entry charDevice(String name, int major, int minor) {
    return of(name, TarEntry.Type.CHARACTER_DEVICE, "", 0644).device(major, minor);
  }

  /// A block device.
  public static Entry blockDevice(String name, int major, int minor) {
    return of(name, TarEntry.Type.BLOCK_DEVICE, "", 0644).device(major, minor);
  }

  /// What takes `name` of lower layers away (OCI image spec, "Whiteouts").
  public static Entry whiteout(String name) {
    int base = name.lastIndexOf('/') + 1;
    return file(name.substring(0, base) + ".wh." + name.substring(base), "");
  }

  /// What takes all away that lower layers have in directory `name`; empty for the root.
  public static Entry opaque(String name) {
    return file(name.isEmpty() ? ".wh..wh..opq" : name + "/.wh..wh..opq", "");
  }

  /// Returns this entry with permission, set-uid, set-gid and sticky bits.
  public Entry mode(int mode) {
    return with(mode, header.uid(), header.gid(), header.mtime(), header.xattrs());
  }

  /// Returns this entry with an owner.
  public Entry owner(long uid, long gid) {
    return with(header.mode(), uid, gid, header.mtime(), header.xattrs());
  }

  /// Returns this entry with a modification time.
  public Entry mtime(Instant mtime) {
    return with(header.mode(), header.uid(), header.gid(), mtime, header.xattrs());
  }

  /// Returns this entry with one more extended attribute that holds a text.
  public Entry xattr(String name, String value) {
    return xattr(name, value.getBytes(UTF_8));
  }

  /// Returns this entry with one more extended attribute.
  public Entry xattr(String name, byte[] value) {
    Map<String, byte[]> xattrs = new LinkedHashMap<>(header.xattrs());
    xattrs.put(name, value);
    return with(header.mode(), header.uid(), header.gid(), header.mtime(), xattrs);
  }

  /// Returns the name as it stands in the tar: a directory's ends in a slash.
  public String name() {
    return header.name();
  }

  /// Returns the tar header.
  public TarEntry header() {
    return header;
  }

  /// Returns the content, not a copy; empty for all but files.
  public byte[] content() {
    return content;
  }

  @Override
  public String toString() {
    return header.toString();
  }

  private static Entry of(String name, TarEntry.Type type, String target, int mode) {
    TarEntry header = new TarEntry(name, type, target, mode, 0, 0, "", "", TIME, 0, 0, 0, Map.of());
    return new Entry(header, new byte[0]);
  }

  private Entry device(int major, int minor) {
    return new Entry(
        new TarEntry(
            header.name(),
            header.type(),
            "",
            header.mode(),
            0,
            0,
            "",
            "",
            TIME,
            0,
            major,
            minor,
            Map.of()),
        content);
  }

  private Entry with(int mode, long uid, long gid, Instant mtime, Map<String, byte[]> xattrs) {
    return new Entry(
        new TarEntry(
            header.name(),
            header.type(),
            header.linkName(),
            mode,
            uid,
            gid,
            header.userName(),
            header.groupName(),
            mtime,
            header.size(),
            header.major(),
            header.minor(),
            xattrs),
        content);
  }
}
