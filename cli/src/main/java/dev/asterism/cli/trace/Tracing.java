package dev.asterism.cli.trace;

import dev.asterism.content.Trace;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Traces are recorded and sent while this is open, if the environment says where to. Costs nothing
/// where it does not.
public final class Tracing implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(Tracing.class.getName());

  /// How long the end of the process waits for what was not sent yet.
  private static final Duration LAST_WORDS = Duration.ofMillis(300);

  private final Optional<SpanSender> sender;

  private Tracing(Optional<SpanSender> sender) {
    this.sender = sender;
  }

  /// Begins to record if a variable says so that OpenTelemetry's specification has for that. What a
  /// variable says that cannot be done is a warning in the log.
  ///
  /// @param environment of the process
  /// @param version of the program
  public static Tracing start(Map<String, String> environment, String version) {
    if (environment.keySet().stream().noneMatch(name -> name.startsWith("OTEL_"))) {
      return new Tracing(Optional.empty());
    }
    TraceSettings settings = TraceSettings.read(environment, version);
    List<String> problems = settings.problems();
    problems.forEach(problem -> LOGGER.log(Level.WARNING, "traces: {0}", problem));
    if (!settings.enabled()) {
      return new Tracing(Optional.empty());
    }
    SpanSender sender = SpanSender.start(settings);
    Trace.install(Optional.of(sender));
    LOGGER.log(Level.INFO, "traces are sent endpoint={0}", settings.place());
    return new Tracing(Optional.of(sender));
  }

  /// Records no more, and sends what there is.
  @Override
  public void close() {
    sender.ifPresent(open -> {
      Trace.install(Optional.empty());
      open.close(LAST_WORDS);
    });
  }
}
