package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What is built is a folder that runs from anywhere, with a JDK 25.
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class DistTest {
  @TempDir private static Path temporary;
  private static Path program = Path.of("");

  @BeforeAll
  static void create() throws Exception {
    program = Dist.create(temporary.resolve("some where/asterism"));
  }

  /// A program in the surroundings of a service: no more variables than needed.
  private static Command run(Path file, Path java, String... words) {
    return Command.of("env", "-i", "PATH=/usr/bin:/bin", "HOME=/", "JAVA_HOME=" + java)
        .with(file.toString())
        .with(words)
        .in(Path.of("/"));
  }

  private static Path java() {
    return Path.of(System.getProperty("java.home"));
  }

  @Test
  void program_fromAnotherDirectory_runs() throws Exception {
    assertThat(run(program, java(), "--version").runOrThrow().text()).startsWith("asterism ");
  }

  @Test
  void program_throughLinks_findsItsJars() throws Exception {
    Path first = Files.createSymbolicLink(temporary.resolve("first"), program);
    Path second = Files.createSymbolicLink(temporary.resolve("asterism"), first.getFileName());

    assertThat(run(second, java(), "--version").runOrThrow().text()).startsWith("asterism ");
  }

  @Test
  void program_byTheOtherDaemonsName_takesItsFlags() throws Exception {
    Path link = Files.createSymbolicLink(temporary.resolve("containerd-stargz-grpc"), program);

    assertThat(run(link, java(), "--help").runOrThrow().text())
        .contains("/var/lib/containerd-stargz-grpc");
  }

  @Test
  void program_withoutItsJars_saysWhereTheyShouldBe() throws Exception {
    Path alone = Files.createDirectories(temporary.resolve("alone/bin")).resolve("asterism");
    Files.copy(program, alone);
    assertThat(alone.toFile().setExecutable(true)).isTrue();

    Outcome outcome = run(alone, java(), "--version").run();

    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.errorText())
        .contains(temporary.toRealPath().resolve("alone/lib").toString());
  }

  /// An older Java in JAVA_HOME is passed over.
  @Test
  void program_olderJavaInJavaHome_doesNotRunOnIt() throws Exception {
    Path old = Files.createDirectories(temporary.resolve("old/bin"));
    Path fake = Files.writeString(old.resolve("java"), "#!/bin/sh\necho old; exit 3\n");
    assertThat(fake.toFile().setExecutable(true)).isTrue();
    Files.writeString(temporary.resolve("old/release"), "JAVA_VERSION=\"21.0.2\"\n");

    Outcome outcome = run(program, temporary.resolve("old"), "--version").run();

    assertThat(outcome.text()).doesNotContain("old");
    if (outcome.exitCode() != 0) { // where no other is to be found
      assertThat(outcome.errorText()).contains("needs Java 25 or newer");
    }
  }
}
