package dev.asterism.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The tests of all modules, by name: for tables that say which test shows what. Immutable.
public final class TestSources {
  private final Map<String, List<Path>> files;

  private TestSources(Map<String, List<Path>> files) {
    this.files = Map.copyOf(files);
  }

  /// Finds the sources of all modules beside this one's.
  public static TestSources find() throws IOException {
    Map<String, List<Path>> files = new HashMap<>();
    try (Stream<Path> modules = Files.list(Path.of(".."))) {
      for (Path tests : modules.map(module -> module.resolve("src/test/java")).toList()) {
        if (Files.isDirectory(tests)) {
          try (Stream<Path> sources = Files.walk(tests)) {
            sources
                .filter(path -> path.toString().endsWith(".java"))
                .forEach(path ->
                    files
                        .computeIfAbsent(
                            path.getFileName().toString().replaceAll("\\.java$", ""),
                            _ -> new ArrayList<>())
                        .add(path));
          }
        }
      }
    }
    assertThat(files).as("sources beside %s", Path.of("").toAbsolutePath()).hasSizeGreaterThan(50);
    return new TestSources(files);
  }

  /// Tells whether there is a class of that simple name.
  public boolean hasClass(String name) {
    return files.containsKey(name);
  }

  /// Tells whether a class has a test method of that name that is not disabled.
  ///
  /// @param test `Class#method`
  public boolean hasTest(String test) throws IOException {
    String[] names = test.split("#", 2);
    if (names.length < 2) {
      return false;
    }
    Pattern method =
        Pattern.compile(
            "@(Parameterized|Repeated)?Test\\b[^;]{0,2000}? void "
                + Pattern.quote(names[1])
                + "\\(");
    for (Path file : files.getOrDefault(names[0], List.of())) {
      String text = Files.readString(file);
      if (!text.contains("@Disabled") && method.matcher(text).find()) {
        return true;
      }
    }
    return false;
  }
}
