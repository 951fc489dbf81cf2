package dev.asterism.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

class AsterismTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... words) {
    CommandLine commands = Asterism.commandLine(words);
    commands.setOut(new PrintWriter(out, true));
    commands.setErr(new PrintWriter(err, true));
    return commands.execute(words);
  }

  static Stream<String> subcommands() {
    return Asterism.commandLine().getSubcommands().keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("subcommands")
  void help_everySubcommand_saysHowToUseIt(String subcommand) {
    String name = // of an alias, what it stands for
        Objects.requireNonNull(Asterism.commandLine().getSubcommands().get(subcommand))
            .getCommandName();

    assertThat(run(subcommand, "--help")).isZero();
    assertThat(out.toString()).contains("Usage: asterism " + name);
  }

  @Test
  void commandLine_ofAServer_knowsNothingElse() {
    for (String server : List.of("daemon", StargzCommand.NAME)) {
      assertThat(Asterism.commandLine(server).getSubcommands()).containsOnlyKeys(server);
    }
    assertThat(Asterism.commandLine("help", "daemon").getSubcommands()).containsKey("mount");
  }

  @Test
  void version_asked_isTold() {
    assertThat(run("--version")).isZero();
    assertThat(out.toString()).startsWith("asterism ");
  }

  @Test
  void execute_unknownOption_isWrongUsage() {
    assertThat(run("daemon", "--adress", "x")).isEqualTo(ExitCode.USAGE);
    assertThat(err.toString()).contains("--address");
  }

  @Test
  void daemon_configurationMissing_saysInOneLineWhatToDo(@TempDir Path temporary) {
    int exit = run("daemon", "--config", temporary.resolve("none.toml").toString());

    assertThat(exit).isEqualTo(ExitCode.FAILURE);
    assertThat(err.toString())
        .isEqualTo(
            "asterism: cannot read the configuration %s/none.toml: there is no such file. Name one that is there, or none: every key has a default\n"
                .formatted(temporary));
  }

  @Test
  void daemon_configurationWrong_namesLineAndNearestKey(@TempDir Path temporary) throws Exception {
    Path config = Files.writeString(temporary.resolve("c.toml"), "\n[blob]\nmax_retry = 3\n");

    assertThat(run("daemon", "--config", config.toString())).isEqualTo(ExitCode.FAILURE);
    assertThat(err.toString())
        .isEqualTo(
            "asterism: %s:3: unknown key 'blob.max_retry'; did you mean 'blob.max_retries'?\n"
                .formatted(config));
  }
}
