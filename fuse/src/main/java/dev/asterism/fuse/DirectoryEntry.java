package dev.asterism.fuse;

/// One row of a directory's listing. Immutable.
///
/// @param ino inode number, as `st_ino`
/// @param mode the node's mode; only its type is looked at
public record DirectoryEntry(Name name, long ino, int mode) {}
