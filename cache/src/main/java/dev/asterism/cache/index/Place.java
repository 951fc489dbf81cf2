package dev.asterism.cache.index;

/// The directory in which a digest's file stands.
public enum Place {
  /// `objects`: a whole file.
  OBJECT("objects", 1),
  /// `chunks`: a part of a file.
  CHUNK("chunks", 2);

  static final int ALL = 3;

  private final String directory;
  private final int bit;

  Place(String directory, int bit) {
    this.directory = directory;
    this.bit = bit;
  }

  /// Returns the directory's name in the cache's root.
  public String directory() {
    return directory;
  }

  int bit() {
    return bit;
  }
}
