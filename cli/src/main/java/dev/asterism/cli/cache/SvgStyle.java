package dev.asterism.cli.cache;

/// How the picture looks, in light and in dark. The colours of what is shared are one hue, deeper
/// the more share it; what only one has stands out in another. Told apart by lightness too.
final class SvgStyle {
  /// The beginning of the document: width and height twice, what it shows, width and height.
  static final String HEAD =
      """
      <svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img">
      <title>%s</title>
      <style>
      .ground { fill: #ffffff }
      .track { fill: #f1f3f5 }
      .apart { fill: #adb5bd }
      .all { fill: #0b6e6e }
      .many { fill: #3aa89f }
      .few { fill: #8fd0c6 }
      .one { fill: #f2a541 }
      .small { fill: #b8a9c9 }
      .bracket { stroke: #868e96; stroke-width: 1.5 }
      text { font-family: system-ui, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; font-size: 12px; fill: #212529 }
      .title { font-size: 20px; font-weight: 600 }
      .name { font-weight: 600 }
      .note { fill: #495057; font-size: 11.5px }
      .head { fill: #495057; font-size: 11.5px }
      .frees { font-weight: 600 }
      .on-all { fill: #ffffff }
      @media (prefers-color-scheme: dark) {
      .ground { fill: #14181c }
      .track { fill: #20262c }
      .apart { fill: #5c6770 }
      .all { fill: #0f8b8b }
      .many { fill: #3fb3aa }
      .few { fill: #9adbd1 }
      .one { fill: #e39a3b }
      .small { fill: #8d7fa0 }
      .bracket { stroke: #7b8794 }
      text { fill: #e9ecef }
      .note { fill: #adb5bd }
      .head { fill: #adb5bd }
      .on-all { fill: #ffffff }
      .on-many, .on-few, .on-one, .on-small { fill: #14181c }
      }
      </style>
      <rect class="ground" width="%d" height="%d"/>
      """;

  private SvgStyle() {}
}
