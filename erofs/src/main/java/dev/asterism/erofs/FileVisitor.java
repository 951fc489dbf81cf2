package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;

/// Takes the files of an image, one after the other.
@FunctionalInterface
public interface FileVisitor {
  /// Takes one name of a file. A file with several names comes once for each, with the same number.
  ///
  /// @param path the root is [EntryPath#ROOT]
  void visit(EntryPath path, long nid, Stat stat) throws MalformedLayerException;
}
