package dev.asterism.estargz;

/// Names in a layer's root that belong to the format and not to the image.
///
/// Source: eStargz specification, "Prioritized Files and Landmark Files" and "TOC".
public final class Landmark {
  /// Stands behind the files that are to be fetched at mount.
  public static final String PREFETCH = ".prefetch.landmark";

  /// Says that no file is to be fetched at mount; the first entry.
  public static final String NO_PREFETCH = ".no.prefetch.landmark";

  /// The TOC's own tar entry.
  public static final String TOC = "stargz.index.json";

  /// The one byte that a landmark holds.
  public static final byte CONTENT = 0x0f;

  private Landmark() {}

  /// Tells whether a cleaned name is one of these. They are special in the root only.
  public static boolean isBookkeeping(String name) {
    return switch (name) {
      case PREFETCH, NO_PREFETCH, TOC -> true;
      default -> false;
    };
  }
}
