package dev.asterism.cli.timeline;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Timelines as a picture, one above the other on one scale of time.
///
/// A bar for each request: pale while it is waited for, full while its bytes come; a colour for
/// each blob, grey for the rest. Requests lie in as few rows as they need. Above them a red line
/// for each call that waited, where that is known; below, how much of the link was used.
public final class TimelineSvg {
  private static final int WIDTH = 1200;
  private static final int LEFT = 20;
  private static final int RIGHT = 20;
  private static final int ROW = 7;
  private static final int MAX_ROWS = 60;
  private static final int MAX_PAUSE_ROWS = 12;
  private static final int LINK = 46; // height of the link's use
  private static final int HEAD = 44;
  private static final int FOOT = 26;
  private static final List<String> COLOURS =
      List.of("#2f6db3", "#d9822b", "#3a9a5b", "#a64ca6", "#c44e52", "#7a6652");
  private static final String OTHER = "#8a8f98";
  private static final String PAUSE = "#c0392b";
  private static final Pattern BLOB = Pattern.compile("/blobs/sha256:([0-9a-f]{64})");

  private final long bitsPerSecond;
  private final Map<String, StartTimeline> timelines = new LinkedHashMap<>();

  /// @param bitsPerSecond of the link
  public TimelineSvg(long bitsPerSecond) {
    this.bitsPerSecond = bitsPerSecond;
  }

  /// Adds one below those before; one of the same name is replaced.
  public void add(String title, StartTimeline timeline) {
    timelines.put(title, timeline);
  }

  /// Tells whether there is none.
  public boolean isEmpty() {
    return timelines.isEmpty();
  }

  /// Returns the picture.
  public String draw() {
    double longest = timelines.values().stream().mapToDouble(TimelineSvg::end).max().orElse(1);
    double scale = (WIDTH - LEFT - RIGHT) / longest;
    StringBuilder body = new StringBuilder();
    int top = 0;
    for (Map.Entry<String, StartTimeline> each : timelines.entrySet()) {
      top = panel(body, top, each.getKey(), each.getValue(), scale, longest);
    }
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%1$d\" height=\"%2$d\""
            .formatted(WIDTH, top)
        + " viewBox=\"0 0 %1$d %2$d\" font-family=\"DejaVu Sans, sans-serif\" font-size=\"11\">\n"
            .formatted(WIDTH, top)
        + "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n".formatted(WIDTH, top)
        + body
        + "</svg>\n";
  }

  /// The last mark ends a timeline: what comes afterwards is not part of the start.
  private static double end(StartTimeline timeline) {
    return timeline.marks().values().stream().mapToDouble(Double::doubleValue).max().orElse(0)
        * 1.02;
  }

  private int panel(
      StringBuilder out,
      int top,
      String title,
      StartTimeline timeline,
      double scale,
      double longest) {
    double end = end(timeline);
    List<StartTimeline.Request> requests =
        timeline.requests().stream().filter(request -> request.asked() < end).toList();
    List<StartTimeline.Pause> pauses =
        timeline.pauses().stream().filter(pause -> pause.begin() < end).toList();
    List<Integer> pauseRows =
        rows(pauses.stream().map(pause -> new Span(pause.begin(), pause.end())).toList());
    List<Integer> rows =
        rows(requests.stream().map(each -> new Span(each.asked(), each.ended())).toList());
    int bars = top + HEAD + height(pauseRows, MAX_PAUSE_ROWS) * ROW;
    int link = bars + Math.max(1, height(rows, MAX_ROWS)) * ROW + 8;
    long bytes = requests.stream().mapToLong(StartTimeline.Request::bytes).sum();
    text(
        out,
        LEFT,
        top + 18,
        "start",
        "%s: %d requests, %.1f MB, %.2f s"
            .formatted(title, requests.size(), bytes / 1e6, end / 1020),
        "font-size=\"14\" font-weight=\"bold\"");
    grid(out, top + HEAD, link + LINK, scale, longest);
    for (int i = 0; i < pauses.size(); i++) {
      if (pauseRows.get(i) < MAX_PAUSE_ROWS) {
        pause(out, pauses.get(i), top + HEAD + pauseRows.get(i) * ROW, scale, end);
      }
    }
    Map<String, String> colours = new LinkedHashMap<>();
    for (int i = 0; i < requests.size(); i++) {
      if (rows.get(i) < MAX_ROWS) {
        bar(out, requests.get(i), bars + rows.get(i) * ROW, scale, end, colours);
      }
    }
    use(out, timeline.slots(), link, scale, end);
    marks(out, timeline.marks(), top + HEAD, link + LINK, scale);
    return link + LINK + FOOT;
  }

  private record Span(double begin, double end) {}

  /// Puts each into the first row that is free when it begins.
  private static List<Integer> rows(List<Span> spans) {
    List<Double> busyUntil = new ArrayList<>();
    List<Integer> rows = new ArrayList<>();
    for (Span span : spans) {
      int row = 0;
      while (row < busyUntil.size() && busyUntil.get(row) > span.begin()) {
        row++;
      }
      if (row == busyUntil.size()) {
        busyUntil.add(0.0);
      }
      busyUntil.set(row, span.end() + 1);
      rows.add(row);
    }
    return rows;
  }

  private static int height(List<Integer> rows, int most) {
    return Math.min(most, 1 + rows.stream().mapToInt(Integer::intValue).max().orElse(-1));
  }

  private static void pause(
      StringBuilder out, StartTimeline.Pause pause, int y, double scale, double end) {
    double from = LEFT + pause.begin() * scale;
    double to = LEFT + Math.min(end, pause.end()) * scale;
    out.append("<g class=\"wait\"><title>%s</title>".formatted(escape(pause.what())));
    rectangle(out, from, y, Math.max(0.8, to - from), PAUSE, 0.7);
    out.append("</g>\n");
  }

  private static void grid(StringBuilder out, int top, int bottom, double scale, double longest) {
    double step = step(longest);
    for (double at = 0; at <= longest; at += step) {
      double x = LEFT + at * scale;
      out.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#e3e6ea\"/>%n",
              x,
              top,
              x,
              bottom));
      text(
          out,
          x,
          bottom + 13,
          at == 0 ? "start" : "middle",
          String.format(Locale.ROOT, "%.1f s", at / 1000),
          "fill=\"#60656d\"");
    }
  }

  private static double step(double longest) {
    for (double step : new double[] {100, 200, 500, 1000, 2000, 5000, 10_000}) {
      if (longest / step <= 14) {
        return step;
      }
    }
    return 30_000;
  }

  private static void bar(
      StringBuilder out,
      StartTimeline.Request request,
      int y,
      double scale,
      double end,
      Map<String, String> colours) {
    String colour = colour(request, colours);
    double from = LEFT + request.asked() * scale;
    double answered = LEFT + Math.min(end, request.answered()) * scale;
    double to = LEFT + Math.min(end, request.ended()) * scale;
    String range =
        request.first() < 0 ? "" : " bytes %d-%d".formatted(request.first(), request.last());
    out.append("<g><title>%s%s</title>".formatted(escape(request.what()), range));
    rectangle(out, from, y, Math.max(0.8, answered - from), colour, 0.3);
    rectangle(out, answered, y, Math.max(0.8, to - answered), colour, 1);
    out.append("</g>\n");
  }

  private static void rectangle(
      StringBuilder out, double x, int y, double width, String colour, double opacity) {
    out.append(
        String.format(
            Locale.ROOT,
            "<rect x=\"%.1f\" y=\"%d\" width=\"%.1f\" height=\"%d\" fill=\"%s\" fill-opacity=\"%.1f\"/>",
            x,
            y,
            width,
            ROW - 2,
            colour,
            opacity));
  }

  private static String colour(StartTimeline.Request request, Map<String, String> colours) {
    Matcher blob = BLOB.matcher(request.what());
    return blob.find()
        ? Optional.ofNullable(colours.get(blob.group(1)))
            .orElseGet(() -> {
              String next = COLOURS.get(colours.size() % COLOURS.size());
              colours.put(blob.group(1), next);
              return next;
            })
        : OTHER;
  }

  private void use(StringBuilder out, List<Long> slots, int top, double scale, double end) {
    double full = bitsPerSecond / 8.0 * StartTimeline.SLOT / 1000;
    StringBuilder points = new StringBuilder();
    int count = (int) Math.min(slots.size(), end / StartTimeline.SLOT);
    for (int slot = 0; slot < count; slot++) {
      double share = Math.min(1, slots.get(slot) / full);
      double y = top + LINK * (1 - share);
      points.append(
          String.format(
              Locale.ROOT,
              "%.1f,%.1f %.1f,%.1f ",
              LEFT + slot * StartTimeline.SLOT * scale,
              y,
              LEFT + (slot + 1.0) * StartTimeline.SLOT * scale,
              y));
    }
    double last = LEFT + count * StartTimeline.SLOT * scale;
    out.append(
        String.format(
            Locale.ROOT,
            "<polygon points=\"%d,%d %s %.1f,%d\" fill=\"#9bb8d3\"/>%n",
            LEFT,
            top + LINK,
            points,
            last,
            top + LINK));
    out.append(
        "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#60656d\"/>%n"
            .formatted(LEFT, top + LINK, WIDTH - RIGHT, top + LINK));
    text(
        out,
        WIDTH - RIGHT,
        top + 10,
        "end",
        "use of the link",
        "fill=\"#60656d\" stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\"");
  }

  private static void marks(
      StringBuilder out, Map<String, Double> marks, int top, int bottom, double scale) {
    double last = -WIDTH;
    int lift = 0;
    for (Map.Entry<String, Double> mark : marks.entrySet()) {
      double x = LEFT + mark.getValue() * scale;
      lift = x - last < 90 ? lift + 12 : 0; // two that are close do not hide each other
      last = x;
      out.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%.1f\" y1=\"%d\" x2=\"%.1f\" y2=\"%d\" stroke=\"#c0392b\""
                  + " stroke-dasharray=\"4 3\"/>%n",
              x,
              top - 6,
              x,
              bottom));
      boolean rightHalf = x > WIDTH / 2.0;
      text(
          out,
          x,
          top - 10.0 + lift,
          rightHalf ? "end" : "start",
          mark.getKey(),
          "fill=\"#c0392b\" stroke=\"#ffffff\" stroke-width=\"3\" paint-order=\"stroke\"");
    }
  }

  private static void text(
      StringBuilder out, double x, double y, String anchor, String text, String attributes) {
    out.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" %s>%s</text>%n",
            x,
            y,
            anchor,
            attributes,
            escape(text)));
  }

  private static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
  }
}
