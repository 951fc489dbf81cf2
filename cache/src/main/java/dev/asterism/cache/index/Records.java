package dev.asterism.cache.index;

import java.util.Arrays;

/// Numbered records of a few `long`s each, one after the other in one array. Confined to who locks
/// it.
///
/// A record that is given back is given out again. The array grows by an eighth, so that little of
/// it is air.
final class Records {
  private static final int NONE = -1;
  private static final int SMALLEST = 4;

  private final int width;
  private long[] fields;
  private int end; // numbers below were given out
  private int free = NONE; // the last that was given back; its first field names the one before
  private int used;

  /// @param width fields of a record
  Records(int width) {
    this.width = width;
    fields = new long[SMALLEST * width];
  }

  /// Gives out a record, all zeros.
  int add() {
    used++;
    if (free != NONE) {
      int number = free;
      free = (int) fields[number * width];
      fields[number * width] = 0;
      return number;
    }
    if ((end + 1) * width > fields.length) {
      int records = fields.length / width;
      fields = Arrays.copyOf(fields, (records + (records >> 3) + SMALLEST) * width);
    }
    return end++;
  }

  /// Takes a record back.
  void remove(int number) {
    used--;
    Arrays.fill(fields, number * width, (number + 1) * width, 0);
    fields[number * width] = free;
    free = number;
  }

  long get(int number, int field) {
    return fields[number * width + field];
  }

  void set(int number, int field, long value) {
    fields[number * width + field] = value;
  }

  /// Returns the number of records in use.
  int size() {
    return used;
  }

  /// Returns a number above that of every record in use.
  int end() {
    return end;
  }

  long bytes() {
    return 8L * fields.length;
  }
}
