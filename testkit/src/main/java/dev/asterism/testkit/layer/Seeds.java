package dev.asterism.testkit.layer;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.LongStream;

/// Seeds of property tests: some that never change, and a new one in every run.
///
/// A test that fails names its seed as its parameter; `-Dtest.seed=N` in the test's JVM runs it
/// with that one alone.
public final class Seeds {
  private static final String PROPERTY = "test.seed";

  private Seeds() {}

  /// Returns 1 to `fixed`, then one from the clock, which is printed.
  public static LongStream of(int fixed) {
    Long asked = Long.getLong(PROPERTY);
    if (asked != null) {
      return LongStream.of(asked);
    }
    long fresh = System.nanoTime();
    System.out.println("test.seed=" + fresh);
    return LongStream.concat(LongStream.rangeClosed(1, fixed), LongStream.of(fresh));
  }

  /// Returns a generator that gives the same numbers for the same seed on every JVM.
  public static RandomGenerator generator(long seed) {
    return RandomGeneratorFactory.of("Xoshiro256PlusPlus").create(seed);
  }
}
