package dev.asterism.cli;

import dev.asterism.cli.admin.client.FlatJson;
import dev.asterism.cli.timeline.StartTimeline;
import dev.asterism.cli.timeline.TimelineSvg;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The picture of a start that a daemon has seen, of what `/v1/starts/timeline` says.
final class WhyTimeline {
  private WhyTimeline() {}

  /// Returns it as SVG.
  static String draw(FlatJson start) {
    StartTimeline timeline = of(start);
    TimelineSvg picture = new TimelineSvg(Math.max(1, timeline.fastest()));
    picture.add(title(start), timeline);
    return picture.draw();
  }

  private static String title(FlatJson start) {
    long unlisted = start.number("timeline/unlistedRequests");
    return start.text("image").orElse("")
        + (unlisted > 0 ? " (%d later requests are not drawn)".formatted(unlisted) : "");
  }

  private static StartTimeline of(FlatJson start) {
    List<StartTimeline.Request> requests = new ArrayList<>();
    for (int i = 0; ; i++) {
      String at = "timeline/requests/%d/".formatted(i);
      Optional<String> layer = start.text(at + "layer");
      if (layer.isEmpty()) {
        break;
      }
      requests.add(
          new StartTimeline.Request(
              "%s%s of /blobs/%s"
                  .formatted(
                      start.text(at + "why").orElse(""),
                      start.flag(at + "whole") ? "" : " (failed)",
                      layer.get()),
              start.number(at + "start"),
              start.number(at + "end") - 1,
              millis(start, at + "beginMicros"),
              millis(start, at + "answeredMicros"),
              millis(start, at + "endMicros"),
              start.number(at + "bytes")));
    }
    requests.sort(Comparator.comparingDouble(StartTimeline.Request::asked));
    Map<String, Double> marks = new LinkedHashMap<>();
    marks.put("mounted", (double) start.number("mountMillis"));
    marks.put("last use", Math.max(1.0, (double) start.number("millis")));
    return StartTimeline.of(requests, pauses(start), marks);
  }

  private static List<StartTimeline.Pause> pauses(FlatJson start) {
    List<StartTimeline.Pause> pauses = new ArrayList<>();
    for (int i = 0; ; i++) {
      String at = "timeline/waits/%d/".formatted(i);
      Optional<String> path = start.text(at + "path");
      if (path.isEmpty()) {
        break;
      }
      pauses.add(
          new StartTimeline.Pause(
              "%s: %s, %d round trips"
                  .formatted(
                      path.get(),
                      start.text(at + "cause").orElse(""),
                      start.number(at + "requests")),
              millis(start, at + "beginMicros"),
              millis(start, at + "endMicros")));
    }
    pauses.sort(Comparator.comparingDouble(StartTimeline.Pause::begin));
    return pauses;
  }

  private static double millis(FlatJson start, String place) {
    return start.number(place) / 1e3;
  }
}
