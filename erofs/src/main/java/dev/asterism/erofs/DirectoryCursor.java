package dev.asterism.erofs;

import static dev.asterism.erofs.ErofsFormat.BLOCK_BITS;
import static dev.asterism.erofs.ErofsFormat.BLOCK_SIZE;
import static dev.asterism.erofs.ErofsFormat.DIRENT_SIZE;

import dev.asterism.content.MalformedLayerException;
import java.util.Arrays;

/// Goes through the entries of one directory in order, `.` and `..` left out. Confined to one
/// thread.
final class DirectoryCursor {
  static final long ABSENT = -1;

  private final ImageBytes in;
  private final ImageInode directory;
  private final long blockCount;

  private long block = -1;
  private long blockStart;
  private int blockLength;
  private int entryCount;
  private int entry;

  private byte[] name = new byte[ErofsFormat.MAX_NAME];
  private int nameLength;
  private byte[] previous = new byte[ErofsFormat.MAX_NAME];
  private int previousLength;
  private long nid;
  private long position;

  DirectoryCursor(ImageBytes in, ImageInode directory) throws MalformedLayerException {
    if (!directory.is(FileType.DIRECTORY)) {
      throw new IllegalArgumentException("not a directory: inode " + directory.nid());
    }
    this.in = in;
    this.directory = directory;
    this.blockCount = (directory.size() + BLOCK_SIZE - 1) >> BLOCK_BITS;
  }

  /// Steps to the next entry; false behind the last one.
  ///
  /// @throws MalformedLayerException if names are not strictly ascending, or are none
  boolean next() throws MalformedLayerException {
    do {
      while (entry >= entryCount) {
        if (block + 1 >= blockCount) {
          return false;
        }
        enter(block + 1);
      }
      step();
    } while (isDots());
    return true;
  }

  /// Goes to where [#position] was the given number.
  void seek(long target) throws MalformedLayerException {
    while (position + (entryCount - entry) <= target && block + 1 < blockCount) {
      position += entryCount - entry;
      enter(block + 1);
    }
    int skipped = Math.clamp(target - position, 0, entryCount - entry);
    entry += skipped;
    position += skipped;
    previousLength = 0;
  }

  /// Returns the name's bytes, valid up to [#nameLength], until the next step.
  byte[] name() {
    return name;
  }

  int nameLength() {
    return nameLength;
  }

  long nid() {
    return nid;
  }

  /// Returns the number of entries passed, `.` and `..` included.
  long position() {
    return position;
  }

  int compareName(DirectoryCursor other) {
    return Arrays.compareUnsigned(name, 0, nameLength, other.name, 0, other.nameLength);
  }

  /// Returns the number of the file `wanted`, or [#ABSENT]. Leaves the cursor anywhere.
  long find(byte[] wanted) throws MalformedLayerException {
    long low = 0;
    long high = blockCount - 1;
    while (low < high) {
      long middle = (low + high + 1) >>> 1;
      enter(middle);
      if (compare(0, wanted) <= 0) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    if (blockCount == 0) {
      return ABSENT;
    }
    enter(low);
    return findInBlock(wanted);
  }

  private long findInBlock(byte[] wanted) throws MalformedLayerException {
    int low = 0;
    int high = entryCount - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int order = compare(middle, wanted);
      if (order == 0) {
        return in.longInteger(blockStart + (long) middle * DIRENT_SIZE);
      }
      if (order < 0) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return ABSENT;
  }

  private int compare(int index, byte[] wanted) throws MalformedLayerException {
    int start = nameStart(index);
    return in.compare(blockStart + start, nameEnd(index, start) - start, wanted);
  }

  private void enter(long target) throws MalformedLayerException {
    long offset = target << BLOCK_BITS;
    boolean last = target == blockCount - 1;
    block = target;
    blockLength = (int) Math.min(BLOCK_SIZE, directory.size() - offset);
    blockStart = directory.dataStart(offset, last);
    in.check(blockStart, blockLength);
    int first = blockLength < DIRENT_SIZE ? 0 : in.unsignedShort(blockStart + 8);
    if (first == 0 || first % DIRENT_SIZE != 0 || first >= blockLength) {
      throw malformed(
          "block %d of %d bytes starts its names at %d".formatted(block, blockLength, first));
    }
    entryCount = first / DIRENT_SIZE;
    entry = 0;
  }

  private void step() throws MalformedLayerException {
    byte[] swapped = previous;
    previous = name;
    previousLength = nameLength;
    name = swapped;
    int start = nameStart(entry);
    nameLength = nameEnd(entry, start) - start;
    in.copyTo(blockStart + start, name, nameLength);
    long dirent = blockStart + (long) entry * DIRENT_SIZE;
    nid = in.longInteger(dirent);
    entry++;
    position++;
    checkName();
  }

  private int nameStart(int index) throws MalformedLayerException {
    return in.unsignedShort(blockStart + (long) index * DIRENT_SIZE + 8);
  }

  /// Returns where the name ends: where the next one starts, or at the padding of the block.
  private int nameEnd(int index, int start) throws MalformedLayerException {
    int end = index + 1 < entryCount ? nameStart(index + 1) : blockLength;
    if (start < entryCount * DIRENT_SIZE || end <= start || end > blockLength) {
      throw malformed("a name from %d to %d".formatted(start, end));
    }
    if (index + 1 == entryCount) {
      int stop = start;
      while (stop < end && in.unsignedByte(blockStart + stop) != 0) {
        stop++;
      }
      end = stop;
    }
    if (end == start || end - start > ErofsFormat.MAX_NAME) {
      throw malformed("a name of %d bytes".formatted(end - start));
    }
    return end;
  }

  private void checkName() throws MalformedLayerException {
    for (int i = 0; i < nameLength; i++) {
      if (name[i] == 0 || name[i] == '/') {
        throw malformed("a name with a NUL or a slash");
      }
    }
    if (Arrays.compareUnsigned(previous, 0, previousLength, name, 0, nameLength) >= 0) {
      throw malformed("names are not in order");
    }
  }

  private boolean isDots() {
    return nameLength <= 2 && name[0] == '.' && name[nameLength - 1] == '.';
  }

  private MalformedLayerException malformed(String what) {
    return ErofsFormat.malformed(
        "metadata image, directory %d: %s".formatted(directory.nid(), what));
  }
}
