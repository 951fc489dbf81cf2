package dev.asterism.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// The table of `docs/compatibility.md`: what it says is shown by a test that is there.
class CompatibilityTableTest {
  private static final Pattern TEST = Pattern.compile("`([A-Z][A-Za-z0-9]*(?:Test|Contract))\\b");

  private static List<String> rows() throws IOException {
    return Files.readAllLines(Path.of("../docs/compatibility.md")).stream()
        .filter(line -> line.startsWith("|"))
        .filter(line -> !line.startsWith("| ---") && !line.startsWith("| there |"))
        .toList();
  }

  @Test
  void rows_all_nameATestOrSayThatItIsNotThere() throws IOException {
    TestSources sources = TestSources.find();
    List<String> wrong = new ArrayList<>();
    for (String row : rows()) {
      String[] cells = row.split("\\|", -1); // the first and the last are empty
      assertThat(cells).as(row).hasSize(5);
      List<String> tests =
          TEST.matcher(cells[3]).results().map((MatchResult match) -> match.group(1)).toList();
      boolean absent = cells[2].strip().matches("no\\b.*[:.].*|no");
      boolean everyTest = row.contains("every test of");
      if (tests.isEmpty() && !absent && !everyTest) {
        wrong.add("no test: " + row);
      }
      tests.stream().filter(test -> !sources.hasClass(test)).forEach(wrong::add);
    }
    assertThat(rows()).hasSizeGreaterThan(40);
    assertThat(wrong).isEmpty();
  }
}
