package dev.asterism.testkit.tree;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/// One file of a tree with everything a container can ask about it. Immutable.
///
/// Bytes that need not be text (names, targets) have one character for each byte.
///
/// @param type find's letter: `f` regular, `d` directory, `l` symbolic link, `b` and `c` devices,
///   `p` fifo, `s` socket
/// @param mode permissions with the setuid, setgid and sticky bits, octal
/// @param owner `uid:gid`
/// @param mtime seconds since 1970 with nine decimals
/// @param links link count; 0 for directories, where file systems count differently
/// @param firstLink the least name among the hard links of this file within the tree
/// @param size bytes; 0 for directories, where file systems count differently
/// @param target of a symbolic link; otherwise empty
/// @param device `major:minor` in hexadecimal; empty for what is no device
/// @param content SHA-256 of a regular file, 64 hex digits; empty for others and where it was not
///   asked for
/// @param xattrs extended attributes, values as `0x…`
public record TreeEntry(
    char type,
    String mode,
    String owner,
    String mtime,
    long links,
    String firstLink,
    long size,
    String target,
    String device,
    String content,
    SortedMap<String, String> xattrs) {
  /// Copies the map.
  public TreeEntry {
    xattrs = Collections.unmodifiableSortedMap(new TreeMap<>(xattrs));
  }

  /// Returns this with its time rounded to the nearest second, as the Go tools put it into a TOC.
  TreeEntry roundedToSeconds() {
    BigDecimal seconds = new BigDecimal(mtime).setScale(0, RoundingMode.HALF_UP);
    return withTime(seconds.toPlainString());
  }

  /// Returns this with the seconds of its time only, rounded down: all that a TOC has.
  TreeEntry inWholeSeconds() {
    return withTime(mtime.substring(0, mtime.indexOf('.')));
  }

  TreeEntry withTime(String time) {
    return new TreeEntry(
        type, mode, owner, time, links, firstLink, size, target, device, content, xattrs);
  }
}
