package dev.asterism.cache.index;

import java.util.Arrays;

/// Numbers in the order they came. Confined to who locks it.
final class IntList {
  private int[] numbers = new int[0];
  private int size;

  void add(int number) {
    if (size == numbers.length) {
      numbers = Arrays.copyOf(numbers, Math.max(8, size + (size >> 1)));
    }
    numbers[size++] = number;
  }

  int get(int at) {
    return numbers[at];
  }

  int size() {
    return size;
  }
}
