package dev.asterism.cli.trace;

import dev.asterism.content.Trace;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.zip.GZIPOutputStream;

/// Sends spans to a collector, some at a time, over OTLP/HTTP in JSON.
///
/// Spans wait in a queue of a fixed length; what finds it full, or cannot be sent, is dropped, and
/// counted in the log. Thread-safe; one thread of its own sends.
final class SpanSender implements Trace.Sink {
  private static final Logger LOGGER = System.getLogger(SpanSender.class.getName());

  /// Of a refusal, in the log.
  private static final int MOST_TEXT = 200; // characters

  private final TraceSettings settings;
  private final HttpClient client;
  private final BlockingQueue<Optional<Trace.Span>> queue; // empty: closing, for who waits
  private final LongAdder dropped = new LongAdder();
  private final Thread thread;
  private volatile boolean closed;
  private String lastTrouble = ""; // confined to the thread

  private SpanSender(TraceSettings settings) {
    this.settings = settings;
    this.queue = new ArrayBlockingQueue<>(settings.queue());
    this.client = HttpClient.newBuilder().connectTimeout(settings.timeout()).build();
    this.thread = Thread.ofVirtual().name("traces").unstarted(this::run);
  }

  static SpanSender start(TraceSettings settings) {
    SpanSender sender = new SpanSender(settings);
    sender.thread.start();
    return sender;
  }

  /// As the specification has `traceidratio`: by the lower half of the number, so that all who see
  /// a trace decide alike.
  @Override
  public boolean samples(long high, long low) {
    return settings.part() >= 1 || (low >>> 1) < settings.part() * Long.MAX_VALUE;
  }

  @Override
  public void ended(Trace.Span span) {
    if (!queue.offer(Optional.of(span))) {
      dropped.increment();
    }
  }

  private void run() {
    List<Trace.Span> batch = new ArrayList<>();
    while (true) {
      boolean last = closed; // what is there by now is the last
      try {
        collect(batch);
      } catch (InterruptedException _) {
        return; // nobody interrupts this thread but a process that ends
      }
      for (int from = 0; from < batch.size(); from += settings.batch()) {
        send(batch.subList(from, Math.min(batch.size(), from + settings.batch())));
      }
      batch.clear();
      if (last) {
        return;
      }
    }
  }

  /// Waits for the first one, and then for a while for more.
  private void collect(List<Trace.Span> batch) throws InterruptedException {
    if (closed) {
      List<Optional<Trace.Span>> rest = new ArrayList<>();
      queue.drainTo(rest);
      rest.forEach(span -> span.ifPresent(batch::add));
      return;
    }
    queue.take().ifPresent(batch::add);
    long end = System.nanoTime() + settings.delay().toNanos();
    while (!closed && batch.size() < settings.batch()) {
      Optional<Trace.Span> next = queue.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      if (next == null) {
        return;
      }
      next.ifPresent(batch::add);
    }
  }

  private void send(List<Trace.Span> spans) {
    byte[] body = SpansJson.text(settings.resource(), spans).getBytes(StandardCharsets.UTF_8);
    HttpRequest.Builder request = HttpRequest.newBuilder(settings.endpoint());
    settings.headers().forEach(request::setHeader);
    request.timeout(settings.timeout()).setHeader("Content-Type", "application/json");
    if (settings.gzip()) {
      request.setHeader("Content-Encoding", "gzip");
      body = compressed(body);
    }
    request.POST(HttpRequest.BodyPublishers.ofByteArray(body));
    String trouble;
    try {
      HttpResponse<Void> answer =
          client.send(request.build(), HttpResponse.BodyHandlers.discarding());
      trouble = answer.statusCode() / 100 == 2 ? "" : "status " + answer.statusCode();
    } catch (IOException e) {
      trouble = e.toString();
    } catch (InterruptedException _) {
      trouble = "the daemon is stopping";
      Thread.currentThread().interrupt();
    }
    report(trouble, spans.size());
  }

  /// Once for each reason, not once for each post.
  private void report(String trouble, int spans) {
    if (!trouble.isEmpty()) {
      dropped.add(spans);
    }
    if (trouble.equals(lastTrouble)) {
      return;
    }
    lastTrouble = trouble;
    if (!trouble.isEmpty()) {
      LOGGER.log(
          Level.WARNING,
          "traces cannot be sent, those that wait are dropped endpoint={0} dropped={1} cause=\"{2}\"",
          settings.place(),
          String.valueOf(dropped.sum()),
          trouble.substring(0, Math.min(trouble.length(), MOST_TEXT)));
    }
  }

  private static byte[] compressed(byte[] body) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(body.length / 4 + 64);
    try (OutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(body);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
    return bytes.toByteArray();
  }

  /// Sends what there is, for so long, and ends.
  void close(Duration patience) {
    closed = true;
    if (!queue.offer(Optional.empty())) {
      LOGGER.log(Level.DEBUG, "traces: the queue is full, so nobody waits for it");
    }
    try {
      if (!thread.join(patience)) {
        client.shutdownNow();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    client.shutdownNow();
  }
}
