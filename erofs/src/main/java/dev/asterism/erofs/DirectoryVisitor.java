package dev.asterism.erofs;

import dev.asterism.content.MalformedLayerException;

/// Takes the entries of a directory, one after the other.
@FunctionalInterface
public interface DirectoryVisitor {
  /// Takes one entry; `.` and `..` never come.
  ///
  /// @param name a new array
  /// @param nid the file's number
  /// @param next where [ErofsImage#list] goes on behind this entry
  /// @return whether to go on
  boolean visit(byte[] name, long nid, FileType type, long next) throws MalformedLayerException;
}
