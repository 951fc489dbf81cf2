package dev.asterism.cli.cache;

import dev.asterism.cache.report.Amount;
import dev.asterism.cache.report.LayerHold;
import dev.asterism.cache.report.StoreSurvey;
import dev.asterism.content.Digest;
import java.util.List;

/// The content of a store as tables for people.
public final class ContentText {
  private static final int HEX_SHOWN = 12; // digits of a layer's digest: as other tools show them
  private static final int OTHERS_SHOWN = 1; // names in the last column

  private ContentText() {}

  /// Returns what the store holds in all.
  static String totals(StoreContent content) {
    StoreSurvey survey = content.survey();
    Amount all = survey.content();
    long links = survey.layers().stream().mapToLong(LayerHold::links).sum();
    long directories = survey.layers().stream().mapToLong(LayerHold::directories).sum();
    long alone = all.minus(survey.unused()).stored() + survey.saved();
    StringBuilder text = new StringBuilder();
    line(text, "root", content.root().toString());
    line(
        text,
        "images",
        "%d, of %d layers".formatted(content.images().size(), survey.layers().size()));
    line(
        text,
        "objects",
        "%s: %s whole files, %s parts of files, %s copies of one layer"
            .formatted(
                ByteText.count(all.files()),
                ByteText.count(survey.objects().files()),
                ByteText.count(survey.parts().files()),
                ByteText.count(survey.own().files())));
    line(
        text,
        "content",
        "%s, %s on disk".formatted(ByteText.of(all.size()), ByteText.of(all.stored())));
    line(text, "links", "%s by layers".formatted(ByteText.count(links)));
    line(
        text,
        "saved",
        "%s of %s by sharing (%s)"
            .formatted(
                ByteText.of(survey.saved()),
                ByteText.of(alone),
                ByteText.percent(survey.saved(), alone)));
    line(
        text,
        "unused",
        survey.unused().files() == 0
            ? "nothing"
            : "%s in %s objects that no layer holds: 'asterism cache clean' removes them"
                .formatted(
                    ByteText.of(survey.unused().stored()),
                    ByteText.count(survey.unused().files())));
    line(
        text,
        "overhead",
        "%s for links, %s for compiled layers, %s for the store"
            .formatted(
                ByteText.of(directories),
                ByteText.of(content.compiledTotal()),
                ByteText.of(survey.overhead())));
    return text.toString();
  }

  static void line(StringBuilder text, String what, String value) {
    text.append("%-10s %s%n".formatted(what, value));
  }

  /// Returns the images, and below them the layers that belong to none.
  public static String images(Sharing sharing) {
    TextTable table =
        new TextTable(
            "lrrrrrl",
            "IMAGE",
            "LAYERS",
            "ON DISK",
            "UNIQUE",
            "SHARED",
            "REMOVING FREES",
            "SHARED WITH");
    for (Holding holding : sharing.holdings()) {
      table.add(
          holding.holder().kind() == Holder.Kind.IMAGE
              ? holding.holder().name()
              : "(no image) " + shortened(holding.holder().layers().getFirst()),
          Integer.toString(holding.holder().layers().size()),
          ByteText.of(holding.content().stored()),
          ByteText.of(holding.unique().stored()),
          ByteText.of(holding.shared().stored()),
          ByteText.of(holding.frees()),
          others(holding.sharedWith()));
    }
    return table.toString();
  }

  /// Returns layers, each by itself.
  public static String layers(StoreContent content, List<Holding> layers) {
    TextTable table =
        new TextTable(
            "lrrrrrl", "LAYER", "LINKS", "ON DISK", "UNIQUE", "SHARED", "REMOVING FREES", "IMAGES");
    for (Holding holding : layers) {
      Digest layer = holding.holder().layers().getFirst();
      int index = content.survey().indexOf(layer);
      table.add(
          shortened(layer),
          ByteText.count(index < 0 ? 0 : content.survey().layers().get(index).links()),
          ByteText.of(holding.content().stored()),
          ByteText.of(holding.unique().stored()),
          ByteText.of(holding.shared().stored()),
          ByteText.of(holding.frees()),
          first(content.imagesOf(layer)));
    }
    return table.toString();
  }

  private static String shortened(Digest layer) {
    return "sha256:" + layer.hex().substring(0, HEX_SHOWN);
  }

  private static String others(List<Holding.Common> common) {
    return first(
        common.stream()
            .map(other -> "%s (%s)".formatted(other.name(), ByteText.of(other.amount().stored())))
            .toList());
  }

  private static String first(List<String> names) {
    String shown = String.join(", ", names.subList(0, Math.min(OTHERS_SHOWN, names.size())));
    return names.size() <= OTHERS_SHOWN
        ? shown
        : "%s and %d more".formatted(shown, names.size() - OTHERS_SHOWN);
  }
}
