package dev.asterism.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
  private static final Snapshotter OVERLAYFS = Snapshotter.YARDSTICK;
  private static final Snapshotter ASTERISM = new Snapshotter.Asterism(Path.of("/nowhere"));

  private final Figures figures = new Figures();

  @Test
  void table_ofATimeAgainstOverlayfs_showsTheRatioOfTheMedians() {
    Figures.Row row = new Figures.Row(Measure.ANSWER, "python");
    List.of(10.0, 12.0, 11.0).forEach(value -> figures.add(row, OVERLAYFS, value));
    List.of(3.0, 9.0, 3.3).forEach(value -> figures.add(row, ASTERISM, value));

    assertThat(table())
        .contains(
            "| pull → first answer, cold | python | 11.00 s | 3.30 s (0.30) | ≤ 0.35 | yes |\n");
  }

  @Test
  void table_ofAFigureThatFallsShort_saysSo() {
    figures.add(new Figures.Row(Measure.MEMORY, "gcc"), ASTERISM, 151);

    assertThat(table()).contains("| – | 151 MB | ≤ 150 MB | no |\n");
  }

  @Test
  void table_whereTheYardstickIsMissing_claimsNothing() {
    figures.add(new Figures.Row(Measure.LIST_WARM, "gcc"), ASTERISM, 40);

    assertThat(table()).contains("| – | 40.0 ms | ≤ 1.10 |  |\n");
  }

  private String table() {
    return new Report(figures, List.of(OVERLAYFS, ASTERISM)).table();
  }
}
