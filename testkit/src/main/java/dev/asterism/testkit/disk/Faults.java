package dev.asterism.testkit.disk;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// The faults of a disk: which calls fail, when and how. Thread-safe; rules may come and go while
/// calls are made.
///
/// ```
/// Faults faults = new Faults();
/// CacheDisk disk = faults.wrap(CacheDisk.class, realDisk);
/// faults.every("link", new Outcome.Answer(28)); // ENOSPC
/// ```
public final class Faults {
  private record Rule(Predicate<Call> when, Outcome outcome) {}

  private final List<Rule> rules = new CopyOnWriteArrayList<>();
  private final ConcurrentHashMap<String, AtomicLong> calls = new ConcurrentHashMap<>();

  /// Returns `real` with these faults.
  ///
  /// @param port the interface it is used through
  public <T> T wrap(Class<T> port, T real) {
    InvocationHandler handler = (_, method, arguments) -> call(real, method, arguments);
    Object proxy = Proxy.newProxyInstance(port.getClassLoader(), new Class<?>[] {port}, handler);
    return port.cast(proxy);
  }

  /// Lets every call of a method that `when` picks end in `outcome`. Of several rules that fit the
  /// oldest counts.
  public Faults when(String method, Predicate<Call> when, Outcome outcome) {
    rules.add(new Rule(call -> call.name().equals(method) && when.test(call), outcome));
    return this;
  }

  /// Lets every call of a method end in `outcome`.
  public Faults every(String method, Outcome outcome) {
    return when(method, _ -> true, outcome);
  }

  /// Lets the next call of a method that `when` picks end in `outcome`, and no other.
  public Faults once(String method, Predicate<Call> when, Outcome outcome) {
    AtomicLong left = new AtomicLong(1);
    return when(method, call -> when.test(call) && left.getAndDecrement() > 0, outcome);
  }

  /// Repairs the disk.
  public void clear() {
    rules.clear();
  }

  /// Returns how often a method was called.
  public long calls(String method) {
    AtomicLong count = calls.get(method);
    return count == null ? 0 : count.get();
  }

  private @Nullable Object call(Object real, Method method, Object @Nullable [] arguments)
      throws Throwable {
    long number = calls.computeIfAbsent(method.getName(), _ -> new AtomicLong()).incrementAndGet();
    List<Object> given = arguments == null ? List.of() : List.of(arguments);
    Optional<Outcome> outcome = judge(new Call(method.getName(), given, number));
    if (outcome.isPresent()) {
      switch (outcome.get()) {
        case Outcome.Answer(Object value) -> {
          return value;
        }
        case Outcome.Failure(var exception) -> throw exception.get();
        case Outcome.After(Runnable first) -> first.run();
      }
    }
    try {
      return method.invoke(real, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }

  private Optional<Outcome> judge(Call call) {
    return rules.stream().filter(rule -> rule.when().test(call)).map(Rule::outcome).findFirst();
  }
}
