package dev.asterism.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/// The program under the name of the one that it replaces.
class StargzCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int run(String... words) {
    CommandLine commands = Asterism.commandLine();
    commands.setOut(new PrintWriter(out, true));
    commands.setErr(new PrintWriter(err, true));
    return commands.execute(words);
  }

  @Test
  void version_bothWaysOfWritingFlags_isTold() {
    assertThat(run(StargzCommand.NAME, "-version")).isZero();
    assertThat(run(StargzCommand.NAME, "--version", "--log-level=warning")).isZero();
    assertThat(out.toString().lines()).hasSize(2).allMatch(l -> l.startsWith(StargzCommand.NAME));
  }

  @Test
  void help_isAsked_namesItsDefaults() {
    assertThat(run(StargzCommand.NAME, "--help")).isZero();
    assertThat(out.toString().replaceAll("\\s+", ""))
        .contains("/run/containerd-stargz-grpc/containerd-stargz-grpc.sock")
        .contains("/var/lib/containerd-stargz-grpc")
        .contains("/etc/containerd-stargz-grpc/config.toml");
  }

  @Test
  void config_namedAndNotThere_isFatal(@TempDir Path temporary) {
    assertThat(run(StargzCommand.NAME, "-config=" + temporary.resolve("none.toml")))
        .isEqualTo(ExitCode.FAILURE);
    assertThat(err.toString()).contains("none.toml");
  }

  @Test
  void config_check_saysAllMistakesAndWhatHasNoEffect(@TempDir Path temporary) throws Exception {
    Path wrong = Files.writeString(temporary.resolve("w.toml"), "ipsf = true\nnoprefetch = 3\n");
    assertThat(run("config", "check", wrong.toString())).isEqualTo(ExitCode.FAILURE);
    assertThat(err.toString())
        .contains(wrong + ":1: unknown key 'ipsf'; did you mean 'ipfs'?")
        .contains(wrong + ":2: 'noprefetch' is neither true nor false");

    Path right = Files.writeString(temporary.resolve("r.toml"), "ipfs = true\nnoprefetch = true\n");
    assertThat(run("config", "check", right.toString())).isZero();
    assertThat(out.toString())
        .contains(right + ":1: 'ipfs' changes nothing: ")
        .contains(right + ": no mistakes; 2 keys, 1 without effect");
  }

  @Test
  void config_show_namesFlagsAndFile(@TempDir Path temporary) throws Exception {
    Path file = Files.writeString(temporary.resolve("c.toml"), "noprefetch = true\n");

    assertThat(run("config", "show", "-c", file.toString(), "--root", "/srv/a")).isZero();

    assertThat(out.toString())
        .contains("# --root /srv/a (flag)")
        .contains("# --address /run/asterism/asterism.sock (default)")
        .containsPattern("(?m)^noprefetch = true +# " + file + ":1$");
  }

  @Test
  void launcher_calledByThatName_takesItsFlags(@TempDir Path temporary) throws Exception {
    Path launcher = Path.of("..", "packaging", "dist", "bin", "asterism").toRealPath();
    Path home = Files.createDirectories(temporary.resolve("jdk/bin"));
    Files.writeString(home.resolve("../release"), "JAVA_VERSION=\"25.0.1\"\n");
    Path java = Files.writeString(home.resolve("java"), "#!/bin/sh\nprintf '%s\\n' \"$@\"\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    Path bin = Files.createDirectories(temporary.resolve("dist/bin"));
    Files.createDirectories(temporary.resolve("dist/lib"));
    Path copy = Files.copy(launcher, bin.resolve("asterism"));
    assertThat(copy.toFile().setExecutable(true)).isTrue();
    Path link = Files.createSymbolicLink(temporary.resolve(StargzCommand.NAME), copy);
    ProcessBuilder builder = new ProcessBuilder(link.toString(), "-version");
    builder.environment().put("JAVA_HOME", temporary.resolve("jdk").toString());

    Process process = builder.start();

    assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .endsWith("dev.asterism.cli.Asterism\ncontainerd-stargz-grpc\n-version\n");
    assertThat(process.waitFor()).isZero();
  }
}
