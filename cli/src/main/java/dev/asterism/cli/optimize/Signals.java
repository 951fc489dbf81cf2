package dev.asterism.cli.optimize;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/// SIGINT and SIGTERM as something to wait for, after which the process goes on: a shutdown hook
/// could only hold its end up.
///
/// The JDK has them in `sun.misc.Signal` alone, which every JDK exports and about which the
/// compiler warns whatever one does: hence reflection. Thread-safe.
public final class Signals implements AutoCloseable {
  /// One of the two, with its number on Linux (signal(7)).
  public enum Kind {
    INT(2),
    TERM(15);

    private final int number;

    Kind(int number) {
      this.number = number;
    }

    /// What a shell shows as the exit code of a process that this ended.
    public int exitCode() {
      return 128 + number;
    }
  }

  private final CountDownLatch told = new CountDownLatch(1);
  private final AtomicReference<Optional<Kind>> first = new AtomicReference<>(Optional.empty());
  private final Map<Object, Object> before = new LinkedHashMap<>();

  private Signals() {}

  /// Starts to catch them.
  ///
  /// @throws IOException if this Java has no such class
  public static Signals open() throws IOException {
    Signals signals = new Signals();
    try {
      Class<?> handler = Class.forName("sun.misc.SignalHandler");
      for (Kind kind : Kind.values()) {
        Object ours =
            Proxy.newProxyInstance(
                Signals.class.getClassLoader(),
                new Class<?>[] {handler},
                (proxy, method, arguments) ->
                    signals.called(kind, proxy, method.getName(), arguments));
        Object signal =
            Class.forName("sun.misc.Signal").getConstructor(String.class).newInstance(kind.name());
        signals.before.put(signal, handle().invoke(null, signal, ours));
      }
      return signals;
    } catch (ReflectiveOperationException e) {
      throw new IOException("signals can't be caught: " + e, e);
    }
  }

  private static Method handle() throws ReflectiveOperationException {
    return Class.forName("sun.misc.Signal")
        .getMethod(
            "handle", Class.forName("sun.misc.Signal"), Class.forName("sun.misc.SignalHandler"));
  }

  private Object called(Kind kind, Object proxy, String method, Object[] arguments) {
    return switch (method) {
      case "equals" -> System.identityHashCode(proxy) == System.identityHashCode(arguments[0]);
      case "hashCode" -> System.identityHashCode(proxy);
      case "toString" -> "handler of " + kind;
      default -> {
        boolean _ = first.compareAndSet(Optional.empty(), Optional.of(kind));
        told.countDown();
        yield proxy; // nobody looks at it: handle(Signal) returns nothing
      }
    };
  }

  /// Waits for a signal, but not longer than `limit`; returns the first one that came, now or
  /// before.
  public Optional<Kind> await(Duration limit) throws InterruptedException {
    boolean _ = told.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    return first.get();
  }

  /// Leaves signals to whom they were left before.
  @Override
  public void close() throws IOException {
    try {
      for (Map.Entry<Object, Object> each : before.entrySet()) {
        handle().invoke(null, each.getKey(), each.getValue());
      }
    } catch (InvocationTargetException e) {
      throw new IOException("signals can't be given back: " + e.getCause(), e);
    } catch (ReflectiveOperationException e) {
      throw new IOException("signals can't be given back: " + e, e);
    }
  }
}
