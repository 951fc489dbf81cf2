package dev.asterism.bench.store;

import dev.asterism.bench.micro.StoreBenchmark;
import java.util.Collection;
import java.util.Map;
import java.util.stream.Collectors;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/// The single steps, measured by JMH in processes of their own.
final class StepRows {
  private static final int PASSES = 2;

  private StepRows() {}

  /// Measures each step and what stands beside it, one after the other, twice.
  ///
  /// @param seconds of each measurement
  static void measure(StoreFigures figures, int seconds) throws RunnerException {
    Map<String, Time> first = run(seconds);
    Map<String, Time> second = run(seconds);
    Map<String, Time> times =
        first.entrySet().stream()
            .collect(
                Collectors.toMap(
                    Map.Entry::getKey,
                    each ->
                        new Time(
                            (each.getValue().nanos() + second.get(each.getKey()).nanos())
                                / PASSES)));
    figures.ratio(
        "add of a known digest", times.get("addKnown"), "link(2)", times.get("addKnownBare"), 2.5);
    figures.ratio(
        "add of a new chunk of 16 KiB",
        times.get("addNew"),
        "SHA-256, create, write, rename",
        times.get("addNewBare"),
        1.5);
    String bare = "open, pread, close";
    figures.ratio("get by digest", times.get("getByDigest"), bare, times.get("getBare"), 1.2);
    figures.ratio(
        "get by digest, file open already", times.get("getOpen"), bare, times.get("getBare"), 1.2);
    Time memory = times.get("getInMemory");
    figures.number("get from memory", memory.toString(), "", memory.nanos() / 1e3, 1, " µs");
  }

  private static Map<String, Time> run(int seconds) throws RunnerException {
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
    return results.stream()
        .map(RunResult::getPrimaryResult)
        .collect(
            Collectors.toMap(result -> result.getLabel(), result -> new Time(result.getScore())));
  }
}
