package dev.asterism.erofs;

/// Sorts the names of a directory as unsigned bytes: a merge sort of numbers, nothing boxed.
/// Confined to one thread.
final class NameSort {
  private static final int INSERTION = 8;

  private final TreeColumns columns;
  private int[] scratch = new int[0];

  NameSort(TreeColumns columns) {
    this.columns = columns;
  }

  /// Sorts `names[from..to)`.
  void sort(int[] names, int from, int to) {
    if (isSorted(names, from, to)) {
      return;
    }
    if (scratch.length < to - from) {
      scratch = new int[to - from];
    }
    mergeSort(names, from, to);
  }

  private boolean isSorted(int[] names, int from, int to) {
    for (int i = from + 1; i < to; i++) {
      if (compare(names[i - 1], names[i]) > 0) {
        return false;
      }
    }
    return true;
  }

  private void mergeSort(int[] names, int from, int to) {
    if (to - from <= INSERTION) {
      insertionSort(names, from, to);
      return;
    }
    int middle = (from + to) >>> 1;
    mergeSort(names, from, middle);
    mergeSort(names, middle, to);
    int left = middle - from;
    System.arraycopy(names, from, scratch, 0, left);
    int a = 0;
    int b = middle;
    int out = from;
    while (a < left && b < to) {
      names[out++] = compare(scratch[a], names[b]) <= 0 ? scratch[a++] : names[b++];
    }
    System.arraycopy(scratch, a, names, out, left - a);
  }

  private void insertionSort(int[] names, int from, int to) {
    for (int i = from + 1; i < to; i++) {
      int name = names[i];
      int at = i;
      while (at > from && compare(names[at - 1], name) > 0) {
        names[at] = names[at - 1];
        at--;
      }
      names[at] = name;
    }
  }

  private int compare(int name, int other) {
    return columns.arena.compare(columns.bytesOf(name), columns.bytesOf(other));
  }
}
