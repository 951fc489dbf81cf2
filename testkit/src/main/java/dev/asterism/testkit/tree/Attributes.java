package dev.asterism.testkit.tree;

import java.util.Map;
import java.util.TreeMap;

/// The attributes of one file by the words that a difference is told in. Immutable.
///
/// @param text what [TreeEntry] has, empty ones left out
record Attributes(Map<String, String> text) {
  Attributes(TreeEntry entry) {
    this(new TreeMap<>());
    text.put("type", String.valueOf(entry.type()));
    text.put("mode", entry.mode());
    text.put("owner", entry.owner());
    text.put("time", entry.mtime());
    text.put("link count", String.valueOf(entry.links()));
    text.put("first link", entry.firstLink());
    text.put("size", String.valueOf(entry.size()));
    put("target", entry.target());
    put("device", entry.device());
    put("content", entry.content());
    entry.xattrs().forEach((name, value) -> text.put("xattr " + name, "'" + value + "'"));
  }

  private void put(String name, String value) {
    if (!value.isEmpty()) {
      text.put(name, value);
    }
  }
}
