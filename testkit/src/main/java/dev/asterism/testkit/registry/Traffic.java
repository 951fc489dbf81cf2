package dev.asterism.testkit.registry;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/// What a [TestRegistry] was asked and how much it sent.
///
/// A request is counted before its answer begins, and a byte before it is sent, so what a client
/// has received is always counted. Thread-safe.
public final class Traffic {
  /// More than that are counted and not listed.
  private static final int MAX_LISTED = 200_000;

  private final ConcurrentLinkedQueue<Entry> entries = new ConcurrentLinkedQueue<>();
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicInteger connections = new AtomicInteger();

  /// One request. Immutable.
  ///
  /// @param connection number of the connection, from 1
  /// @param path without the query
  /// @param range value of the `Range` header
  /// @param authorization whether it carried an `Authorization` header
  /// @param namespace the parameter `ns`: whose content a mirror is asked for; empty without it
  /// @param own headers that begin with `x-`, by lower-case name
  /// @param status of the answer
  /// @param bytes of body sent until now
  public record Request(
      int connection,
      String method,
      String path,
      Optional<String> range,
      boolean authorization,
      String namespace,
      Map<String, String> own,
      int status,
      long bytes) {}

  /// A request while it is being answered.
  final class Entry {
    private final Request request;
    private final AtomicLong sent = new AtomicLong();

    private Entry(Request request) {
      this.request = request;
    }

    void sending(int length) {
      sent.addAndGet(length);
      bytes.addAndGet(length);
    }

    private Request request() {
      return new Request(
          request.connection(),
          request.method(),
          request.path(),
          request.range(),
          request.authorization(),
          request.namespace(),
          request.own(),
          request.status(),
          sent.get());
    }
  }

  Entry begin(Request request) {
    Entry entry = new Entry(request);
    if (requests.incrementAndGet() <= MAX_LISTED) {
      entries.add(entry);
    }
    return entry;
  }

  int connected() {
    return connections.incrementAndGet();
  }

  /// Returns the number of requests.
  public int requests() {
    return requests.get();
  }

  /// Returns the bytes of all bodies, headers not counted.
  public long bytes() {
    return bytes.get();
  }

  /// Returns the number of connections accepted.
  public int connections() {
    return connections.get();
  }

  /// Returns the requests in the order in which they were answered, the first 200,000 of them.
  public List<Request> list() {
    return entries.stream().map(Entry::request).toList();
  }

  /// Returns those of the listed requests whose path fits.
  public List<Request> list(Predicate<String> path) {
    return list().stream().filter(request -> path.test(request.path())).toList();
  }

  /// Returns those of the listed requests that `target` means.
  public List<Request> list(Target target) {
    return list(target.path());
  }

  /// Starts again from nothing. What is being sent meanwhile still counts its bytes.
  public void reset() {
    entries.clear();
    requests.set(0);
    bytes.set(0);
    connections.set(0);
  }
}
