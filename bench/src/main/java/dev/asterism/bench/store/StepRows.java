package dev.asterism.bench.store;

import dev.asterism.bench.micro.StoreBenchmark;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/// The single steps, measured by JMH in processes of their own.
final class StepRows {
  private static final int PASSES = 2;

  private final Map<String, List<Time>> times = new HashMap<>();

  private StepRows() {}

  /// Measures each step and what stands beside it, one after the other, twice.
  ///
  /// @param seconds of each measurement
  static void measure(StoreFigures figures, int seconds) throws RunnerException {
    StepRows rows = new StepRows();
    for (int i = 0; i < PASSES; i++) {
      rows.run(seconds);
    }
    rows.report(figures);
  }

  private void run(int seconds) throws RunnerException {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include(StoreBenchmark.class.getSimpleName() + "\\.")
                    .jvmArgsAppend("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"))
                    .forks(1)
                    .warmupIterations(3)
                    .warmupTime(TimeValue.seconds(1))
                    .measurementIterations(seconds)
                    .measurementTime(TimeValue.seconds(1))
                    .verbosity(VerboseMode.SILENT)
                    .shouldFailOnError(true)
                    .build())
            .run();
    for (RunResult each : results) {
      Result<?> result = each.getPrimaryResult();
      times
          .computeIfAbsent(result.getLabel(), _ -> new ArrayList<>())
          .add(new Time(result.getScore()));
    }
  }

  private void report(StoreFigures figures) {
    figures.ratio("add of a known digest", time("addKnown"), "link(2)", time("addKnownBare"), 2.5);
    figures.ratio(
        "add of a new chunk of 16 KiB",
        time("addNew"),
        "SHA-256, create, write, rename",
        time("addNewBare"),
        1.5);
    Time bare = time("getBare");
    String calls = "open, pread, close";
    figures.ratio("get by digest", time("getByDigest"), calls, bare, 1.2);
    figures.ratio("get by digest, file open already", time("getOpen"), calls, bare, 1.2);
    Time memory = time("getInMemory");
    figures.number("get from memory", memory.toString(), "", memory.nanos() / 1e3, 1, " µs");
  }

  /// Returns the mean of the passes.
  private Time time(String step) {
    List<Time> samples = times.getOrDefault(step, List.of());
    return new Time(samples.stream().mapToDouble(Time::nanos).average().orElseThrow());
  }
}
