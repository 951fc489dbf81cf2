package dev.asterism.linux;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// One line of `/proc/self/mountinfo`, as `proc_pid_mountinfo(5)` describes it. Immutable.
///
/// @param id unique among the mounts of now
/// @param parent id of the mount that this one is on
/// @param major of the device number that `stat(2)` shows for files in it
/// @param minor of that device number; of a FUSE mount, also the name of its connection
/// @param root the directory of the file system that is mounted
/// @param options of this mount, comma-separated, e.g. `ro,nosuid`
/// @param type e.g. `ext4`, `fuse.asterism`
/// @param source e.g. a device; whatever mount(2) was told
/// @param superOptions of the file system, comma-separated
public record Mount(
    int id,
    int parent,
    int major,
    int minor,
    String root,
    Path mountpoint,
    String options,
    String type,
    String source,
    String superOptions) {

  /// Parses one line.
  ///
  /// @throws IllegalArgumentException if it is not one
  static Mount parse(String line) {
    List<String> fields = List.of(line.split(" ", -1));
    // Between the sixth field and the "-" stands any number of propagation tags.
    int dash = fields.indexOf("-");
    if (dash < 6 || fields.size() < dash + 4) {
      throw new IllegalArgumentException("not a line of mountinfo: " + line);
    }
    String[] device = fields.get(2).split(":", 2);
    if (device.length != 2) {
      throw new IllegalArgumentException("not a line of mountinfo: " + line);
    }
    return new Mount(
        Integer.parseInt(fields.get(0)),
        Integer.parseInt(fields.get(1)),
        Integer.parseInt(device[0]),
        Integer.parseInt(device[1]),
        unescape(fields.get(3)),
        Path.of(unescape(fields.get(4))),
        fields.get(5),
        fields.get(dash + 1),
        unescape(fields.get(dash + 2)),
        unescape(fields.get(dash + 3)));
  }

  /// Parses the whole table, lowest mount first.
  static List<Mount> parseAll(List<String> lines) {
    List<Mount> mounts = new ArrayList<>(lines.size());
    for (String line : lines) {
      mounts.add(parse(line));
    }
    return List.copyOf(mounts);
  }

  /// Undoes the kernel's `\ooo` for space, tab, newline, backslash and `#`.
  private static String unescape(String field) {
    if (field.indexOf('\\') < 0) {
      return field;
    }
    StringBuilder text = new StringBuilder(field.length());
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '\\' && isOctal(field, i + 1)) {
        text.append((char) Integer.parseInt(field, i + 1, i + 4, 8));
        i += 3;
      } else {
        text.append(c);
      }
    }
    return text.toString();
  }

  private static boolean isOctal(String field, int start) {
    if (start + 3 > field.length()) {
      return false;
    }
    for (int i = start; i < start + 3; i++) {
      if (field.charAt(i) < '0' || field.charAt(i) > '7') {
        return false;
      }
    }
    return true;
  }
}
