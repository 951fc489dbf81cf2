package dev.asterism.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.images.FileOrder;
import dev.asterism.images.FileRecord;
import dev.asterism.images.RecordedFiles;
import dev.asterism.images.TransferListener.Outcome;
import dev.asterism.images.TransferListener.Step;
import dev.asterism.registry.Descriptor;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TransferReportTest {
  private static final Descriptor LOWER = blob("lower", 40_000_000);
  private static final Descriptor UPPER = blob("upper", 2_000_000);

  /// What standard output and standard error have shown: one terminal.
  private final ByteArrayOutputStream shown = new ByteArrayOutputStream();

  private long now;

  private static Descriptor blob(String content, long size) {
    return new Descriptor("text/plain", Digest.of(content.getBytes(UTF_8)), size, Map.of());
  }

  private static String shortName(Descriptor blob) {
    return blob.digest().hex().substring(0, 12);
  }

  private TransferReport report(boolean json, boolean live) {
    Progress progress = Progress.on(new PrintStream(shown, true, UTF_8), live);
    return new TransferReport(progress, new PrintWriter(shown, true, UTF_8), json, live, () -> now);
  }

  @Test
  void progressed_onATerminal_showsABarForEachLayer() {
    TransferReport report = report(false, true);
    report.progressed(LOWER, Step.CONVERT, 10_000_000);
    now += 200_000_000;
    report.progressed(UPPER, Step.WRITE, 2_000_000);

    assertThat(screen())
        .containsExactly(
            "converting %s [######..................]  25 %%  10.0 MB of 40.0 MB"
                .formatted(shortName(LOWER)),
            "copying    %s [########################] 100 %%  2.0 MB of 2.0 MB"
                .formatted(shortName(UPPER)));
  }

  @Test
  void progressed_byMoreThanTheSizeSaid_staysInItsBar() {
    TransferReport report = report(false, true);
    report.progressed(UPPER, Step.CONVERT, 3_000_000);
    assertThat(screen().getFirst()).contains("[########################] 100 %");
  }

  @Test
  void finished_onATerminal_takesTheBarAwayAndLeavesALine() {
    TransferReport report = report(false, true);
    report.progressed(LOWER, Step.CONVERT, 10_000_000);
    now += 200_000_000;
    report.progressed(UPPER, Step.WRITE, 1_000_000);
    report.finished(UPPER, UPPER, Outcome.COPIED);
    now += 200_000_000;
    report.progressed(LOWER, Step.WRITE, 20_000_000);
    assertThat(screen())
        .containsExactly(
            "copied    %s  2.0 MB".formatted(shortName(UPPER)),
            "writing    %s  20.0 MB".formatted(shortName(LOWER)));

    report.finished(LOWER, UPPER, Outcome.CONVERTED);
    report.done(UPPER, "registry.example/app:1");
    assertThat(screen())
        .containsExactly(
            "copied    %s  2.0 MB".formatted(shortName(UPPER)),
            "converted %s  40.0 MB → %s 2.0 MB".formatted(shortName(LOWER), shortName(UPPER)),
            UPPER.digest() + "  registry.example/app:1");
  }

  @Test
  void progressed_whereNobodyLooks_showsNothing() {
    report(false, false).progressed(LOWER, Step.CONVERT, 10_000_000);
    assertThat(shown.size()).isZero();
  }

  @Test
  void json_isOneObjectALine() {
    TransferReport report = report(true, false);
    report.ordered(
        new RecordedFiles(
            FileOrder.NONE,
            new FileRecord(
                List.of(
                    FileRecord.Entry.opened("a", OptionalLong.empty()),
                    FileRecord.Entry.opened("b", OptionalLong.empty()),
                    FileRecord.Entry.opened("c", OptionalLong.empty()))),
            2,
            1,
            List.of("usr/\"x\"*")));
    report.finished(LOWER, UPPER, Outcome.CONVERTED);
    report.done(UPPER, "x");
    assertThat(shown.toString(UTF_8))
        .isEqualTo(
            """
            {"event":"ordered","files":3,"moved":2,"vanished":1}
            {"event":"unmatched","name":"usr/\\"x\\"*"}
            {"event":"converted","from":"%1$s","fromSize":40000000,"to":"%2$s","toSize":2000000}
            {"event":"done","mediaType":"text/plain","digest":"%2$s","size":2000000}
            """
                .formatted(LOWER.digest(), UPPER.digest()));
  }

  /// The lines of a terminal that was sent what was shown.
  private List<String> screen() {
    List<StringBuilder> lines = new ArrayList<>(List.of(new StringBuilder()));
    int row = 0;
    Matcher piece =
        Pattern.compile("\u001b\\[(\\d*)([AJ])|\r|\n|[^\u001b\r\n]+")
            .matcher(shown.toString(UTF_8));
    while (piece.find()) {
      switch (piece.group()) {
        case "\r" -> {} // nothing is written over: what was there is erased next
        case "\n" -> {
          row++;
          if (row == lines.size()) {
            lines.add(new StringBuilder());
          }
        }
        case String text when text.startsWith("\u001b") -> {
          if (piece.group(2).equals("A")) {
            row -= Integer.parseInt(piece.group(1));
          } else {
            lines.subList(row + 1, lines.size()).clear();
            lines.get(row).setLength(0);
          }
        }
        case String text -> lines.get(row).append(text);
      }
    }
    return lines.stream().map(StringBuilder::toString).filter(line -> !line.isEmpty()).toList();
  }
}
