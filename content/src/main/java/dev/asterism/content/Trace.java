package dev.asterism.content;

import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What one call led to, as spans: pieces of work with a begin, an end, and the span that they are
/// a part of. The words are OpenTelemetry's.
///
/// Off unless a [Sink] is installed: then work runs as if it were not wrapped. A span is a part of
/// the one that its thread is in; who goes on in another thread takes its place along with [#carry]
/// or [#at]. Thread-safe.
public final class Trace {
  private static final ScopedValue<Place> CURRENT = ScopedValue.newInstance();
  private static final Attributes IGNORED = new Attributes(false);

  /// Version 00 of W3C's `traceparent`: trace, parent, flags.
  private static final Pattern PARENT =
      Pattern.compile("00-([0-9a-f]{16})([0-9a-f]{16})-([0-9a-f]{16})-([0-9a-f]{2})");

  private static final int SAMPLED = 1;

  private static volatile Optional<Sink> sink = Optional.empty();

  private Trace() {}

  /// Which span of which trace something is a part of. Immutable.
  ///
  /// @param high the trace's number, its upper half
  /// @param low its lower half
  /// @param span not 0
  public record Place(long high, long low, long span) {
    /// Returns the trace's number as 32 hexadecimal digits.
    public String trace() {
      return "%016x%016x".formatted(high, low);
    }
  }

  /// Whose work it is.
  public enum Kind {
    /// Our own.
    INTERNAL,
    /// Our answer to somebody's call.
    SERVER,
    /// Our call of somebody.
    CLIENT
  }

  /// A span that has ended. Immutable.
  ///
  /// @param parent number of the span that it is a part of; 0 for none
  /// @param attributes texts and numbers, in the order in which they were said
  /// @param failure what it ended with; empty if it went well
  public record Span(
      Place place,
      long parent,
      String name,
      Kind kind,
      Instant start,
      Duration length,
      Map<String, Object> attributes,
      Optional<String> failure) {}

  /// Where spans go. Called on the threads that do the work: it has to be quick and must not throw.
  public interface Sink {
    /// Tells whether a trace that begins here is to be recorded.
    boolean samples(long high, long low);

    /// Takes a span that has ended.
    void ended(Span span);
  }

  /// What is said of a span while it goes on. Confined to the thread that does the work.
  public static final class Attributes {
    private final boolean kept;
    private final Map<String, Object> values = new LinkedHashMap<>();

    private Attributes(boolean kept) {
      this.kept = kept;
    }

    /// Says a text of it.
    public Attributes set(String name, String value) {
      if (kept) {
        values.put(name, value);
      }
      return this;
    }

    /// Says a number of it.
    public Attributes set(String name, long value) {
      if (kept) {
        values.put(name, value);
      }
      return this;
    }
  }

  /// What a span measures.
  @FunctionalInterface
  public interface Work<T, X extends Exception> {
    /// Does it.
    T run(Attributes attributes) throws X;
  }

  /// From now on spans go there; empty: nowhere.
  public static void install(Optional<Sink> to) {
    sink = to;
  }

  /// Tells whether anybody records.
  public static boolean isOn() {
    return sink.isPresent();
  }

  /// Returns where this thread is in a trace; empty outside of one.
  public static Optional<Place> current() {
    return CURRENT.isBound() ? Optional.of(CURRENT.get()) : Optional.empty();
  }

  /// Does work that begins a trace, or goes on with one that somebody else began.
  ///
  /// @param traceparent W3C's header as the caller sent it; what is not understood counts as none
  public static <T, X extends Exception> T root(
      String name, Kind kind, Optional<String> traceparent, Work<T, X> work) throws X {
    Optional<Sink> to = sink;
    if (to.isEmpty()) {
      return work.run(IGNORED);
    }
    Matcher caller = PARENT.matcher(traceparent.orElse(""));
    if (caller.matches()) {
      boolean sampled = (Integer.parseInt(caller.group(4), 16) & SAMPLED) != 0;
      Place parent =
          new Place(number(caller.group(1)), number(caller.group(2)), number(caller.group(3)));
      return sampled ? record(to.get(), name, kind, parent, work) : work.run(IGNORED);
    }
    Place nothing = new Place(random(), random(), 0);
    return to.get().samples(nothing.high(), nothing.low())
        ? record(to.get(), name, kind, nothing, work)
        : work.run(IGNORED);
  }

  /// Does work as a part of what this thread is in; where that is nothing, it is not recorded.
  public static <T, X extends Exception> T span(String name, Kind kind, Work<T, X> work) throws X {
    Optional<Sink> to = sink;
    return to.isEmpty() || !CURRENT.isBound()
        ? work.run(IGNORED)
        : record(to.get(), name, kind, CURRENT.get(), work);
  }

  /// As the other, of our own work.
  public static <T, X extends Exception> T span(String name, Work<T, X> work) throws X {
    return span(name, Kind.INTERNAL, work);
  }

  /// Does work that is not worth a span.
  public static <T, X extends Exception> T untold(Work<T, X> work) throws X {
    return work.run(IGNORED);
  }

  /// Does work as a part of what another thread is in, or was.
  ///
  /// @param place as [#current] told it there
  public static <T, X extends Exception> T at(
      Optional<Place> place, ScopedValue.CallableOp<T, X> work) throws X {
    return place.isEmpty() ? work.call() : ScopedValue.where(CURRENT, place.get()).call(work);
  }

  /// Returns the same work, to be done in another thread as a part of what this one is in now.
  public static <T> Callable<T> carry(Callable<T> work) {
    Optional<Place> here = current();
    return here.isEmpty() ? work : () -> at(here, work::call);
  }

  private static <T, X extends Exception> T record(
      Sink to, String name, Kind kind, Place parent, Work<T, X> work) throws X {
    Place place = new Place(parent.high(), parent.low(), random());
    Attributes attributes = new Attributes(true);
    Instant start = Instant.now();
    long began = System.nanoTime();
    Optional<String> failure = Optional.of("ended by an error");
    try {
      T result = ScopedValue.where(CURRENT, place).call(() -> work.run(attributes));
      failure = Optional.empty();
      return result;
    } catch (Exception e) {
      failure = Optional.of(String.valueOf(e.getMessage()));
      throw e;
    } finally {
      Duration length = Duration.of(System.nanoTime() - began, TimeUnit.NANOSECONDS.toChronoUnit());
      to.ended(
          new Span(place, parent.span(), name, kind, start, length, attributes.values, failure));
    }
  }

  private static long number(String hex) {
    return Long.parseUnsignedLong(hex, 16);
  }

  /// Never 0, which stands for nothing.
  private static long random() {
    long number = ThreadLocalRandom.current().nextLong();
    return number == 0 ? 1 : number;
  }
}
