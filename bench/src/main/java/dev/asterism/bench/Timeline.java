package dev.asterism.bench;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.cli.timeline.StartTimeline;
import dev.asterism.testkit.link.LinkObserver;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What was asked of the registry over a link, seen from the link: every request with its times,
/// and when bytes came. The same for every snapshotter. Thread-safe.
final class Timeline implements LinkObserver {
  private static final int MAX_HEAD = 16 << 10; // characters of a request's head
  private static final int MAX_REQUESTS = 20_000;
  private static final Pattern LINE = Pattern.compile("^(GET|HEAD|POST) (\\S+) HTTP/1\\.1");
  private static final Pattern RANGE =
      Pattern.compile("(?im)^range: *bytes=(\\d+)-(\\d+)", Pattern.MULTILINE);

  private final long begin = System.nanoTime();

  @GuardedBy("this")
  private final Map<Integer, StringBuilder> heads = new HashMap<>();

  @GuardedBy("this")
  private final Map<Integer, Integer> current = new HashMap<>();

  @GuardedBy("this")
  private final List<Request> requests = new ArrayList<>();

  @GuardedBy("this")
  private final List<Long> slots = new ArrayList<>();

  @GuardedBy("this")
  private final Map<String, Double> marks = new LinkedHashMap<>();

  /// A request. Times in milliseconds after the beginning. Immutable.
  ///
  /// @param what the path, without host
  /// @param first byte of the range; -1 for no range
  /// @param last byte of the range
  /// @param asked when its head was on the link
  /// @param answered when the first byte of the answer had come; as `ended` before that
  /// @param ended when the last byte until now had come
  /// @param bytes of the answer, with its head
  record Request(
      String what, long first, long last, double asked, double answered, double ended, long bytes) {
    Request with(double now, int more) {
      return new Request(what, first, last, asked, bytes == 0 ? now : answered, now, bytes + more);
    }

    StartTimeline.Request shown() {
      return new StartTimeline.Request(what, first, last, asked, answered, ended, bytes);
    }
  }

  private double now() {
    return (System.nanoTime() - begin) / 1e6;
  }

  @Override
  public synchronized void sent(int connection, byte[] bytes, int length) {
    StringBuilder head = heads.computeIfAbsent(connection, _ -> new StringBuilder());
    head.append(new String(bytes, 0, length, StandardCharsets.ISO_8859_1));
    int end = head.indexOf("\r\n\r\n");
    while (end >= 0) {
      ask(connection, head.substring(0, end + 2));
      head.delete(0, end + 4);
      end = head.indexOf("\r\n\r\n");
    }
    if (head.length() > MAX_HEAD) {
      head.setLength(0);
    }
  }

  @GuardedBy("this")
  private void ask(int connection, String head) {
    Matcher line = LINE.matcher(head);
    if (!line.find() || requests.size() >= MAX_REQUESTS) {
      return;
    }
    Matcher range = RANGE.matcher(head);
    boolean ranged = range.find();
    double now = now();
    current.put(connection, requests.size());
    requests.add(
        new Request(
            line.group(2),
            ranged ? Long.parseLong(range.group(1)) : -1,
            ranged ? Long.parseLong(range.group(2)) : -1,
            now,
            now,
            now,
            0));
  }

  @Override
  public synchronized void received(int connection, int length) {
    double now = now();
    int slot = (int) (now / StartTimeline.SLOT);
    while (slots.size() <= slot) {
      slots.add(0L);
    }
    slots.set(slot, slots.get(slot) + length);
    Integer index = current.get(connection);
    if (index != null) {
      requests.set(index, requests.get(index).with(now, length));
    }
  }

  /// Notes that something has happened now.
  synchronized void mark(String what) {
    marks.put(what, now());
  }

  /// Returns what was seen until now.
  synchronized StartTimeline seen() {
    return new StartTimeline(
        requests.stream().map(Request::shown).toList(), List.of(), slots, marks);
  }
}
