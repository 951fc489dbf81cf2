package dev.asterism.cli.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Blob;
import dev.asterism.estargz.Landmark;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import dev.asterism.images.FileRecord;
import dev.asterism.registry.Descriptor;
import dev.asterism.testkit.image.HostPrograms;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A Debian image that `asterism optimize` made: runc ran its workload, without containerd.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class OptimizedImageTest {
  private static final String WORKLOAD =
      "[\"/bin/sh\",\"-c\",\"id -u; cat /given/note; file -b /bin/sh; echo ready; exec sleep"
          + " 600\"]";

  private final Cleanup cleanup = Cleanup.open();
  private ScratchFolder scratch;
  private DockerRegistry pushed;
  private Path spools;
  private Path record;
  private String plain;
  private String optimized;

  /// A few programs: what ends a run, and how, asks for no more.
  private String small;

  private Outcome run;

  @BeforeAll
  void optimize() throws IOException, InterruptedException {
    Path storage = RealImage.storage();
    scratch = ScratchFolder.create("asterism-optimized");
    cleanup.add(scratch::close);
    DockerRegistry source = DockerRegistry.start(storage);
    cleanup.add(source::close);
    pushed = DockerRegistry.startWritable(scratch.path().resolve("registry"));
    cleanup.add(pushed::close);
    spools = Files.createDirectory(scratch.path().resolve("spools"));
    record = scratch.path().resolve("record");
    plain = source.reference(RealImage.PLAIN);
    optimized = pushed.reference("tools:1");
    small =
        PlainImage.write(
            scratch.path().resolve("small"),
            HostPrograms.layer(
                    Stream.of("sh", "cat", "sed", "sleep")
                        .map(name -> Path.of("/usr/bin", name))
                        .toArray(Path[]::new))
                .tar(),
            Layer.of(Entry.symlink("bin", "usr/bin"), Entry.dir("usr/lib")).tar());
    Path given = Files.createDirectory(scratch.path().resolve("given"));
    Files.writeString(given.resolve("note"), "given\n");
    run =
        Asterism.command("optimize", "--level", "1", "--temporary", spools.toString())
            .with("--entrypoint", WORKLOAD, "--wait-on-line", "ready", "--user", "nobody")
            .with("--mount", "type=bind,src=%s,dst=/given,options=rbind:ro".formatted(given))
            .with("--record-out", record.toString(), plain, optimized)
            .runOrThrow();
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  @Test
  void workload_ran_asToldTo() {
    assertThat(run.errorText()).contains("65534", "given", "symbolic link", "ready");
  }

  @Test
  void record_inOrder_namesWhatWasOpenedAndItsLayer() throws IOException {
    List<String> paths = FileRecord.read(record).paths();
    assertThat(paths)
        .containsSubsequence("usr/bin/dash", "usr/bin/id", "usr/bin/cat", "usr/bin/file")
        .contains("usr/lib/file/magic.mgc")
        .doesNotContain("given/note", "note", Landmark.PREFETCH, Landmark.NO_PREFETCH);
    assertThat(FileRecord.read(record).entries())
        .allMatch(entry -> entry.layer().orElse(-1) >= 0 && entry.milliseconds().isPresent());
  }

  @Test
  void layers_eachWithItsLandmark_haveWhatWasOpenedFirst()
      throws IOException, InterruptedException {
    List<Descriptor> layers = Images.resolve(optimized).layers();
    assertThat(layers).hasSize(RealImage.LAYERS);
    List<FileRecord.Entry> opened = FileRecord.read(record).entries();
    for (int i = 0; i < layers.size(); i++) {
      long layer = i;
      List<String> first =
          opened.stream()
              .filter(entry -> entry.layer().orElse(-1) == layer)
              .map(FileRecord.Entry::path)
              .toList();
      List<String> names = filesOf(layers.get(i));
      assertThat(names.getFirst().equals(Landmark.NO_PREFETCH)).isEqualTo(first.isEmpty());
      if (!first.isEmpty()) {
        assertThat(names.subList(0, names.indexOf(Landmark.PREFETCH))).containsAll(first);
        assertThat(names).containsSubsequence(first);
      }
    }
    assertThat(Asterism.command("check", optimized).run().exitCode()).isZero();
  }

  @Test
  void pull_byEverybody_runs() throws IOException, InterruptedException {
    try (TestNode node = TestNode.start()) {
      node.pull(optimized);
      assertThat(node.prepared()).hasSize(RealImage.LAYERS).doesNotContainValue(false);
      assertThat(node.run(TestNode.ASTERISM, optimized, "file -b /bin/sh; less --version"))
          .contains("symbolic link", "less");
      node.pullWhole(optimized);
      assertThat(node.run(TestNode.OVERLAYFS, optimized, "file -b /bin/sh"))
          .contains("symbolic link");
    }
    Path copy = scratch.path().resolve("skopeo");
    Command.of("skopeo", "copy", "--src-tls-verify=false")
        .with("docker://" + optimized, "oci:" + copy + ":1")
        .runOrThrow();
    assertThat(Asterism.command("check", "oci:" + copy + ":1").run().exitCode()).isZero();
  }

  @Test
  void record_ofThisVersion_makesTheNextWithoutARun() throws IOException, InterruptedException {
    Path longer = scratch.path().resolve("longer");
    Files.writeString(
        longer, Files.readString(record) + "{\"path\":\"usr/bin/gone\",\"layerIndex\":2}\n");
    String next = pushed.reference("tools:2");

    Outcome outcome =
        Asterism.command("optimize", "--level", "1", "--temporary", spools.toString())
            .with("--record-in", longer.toString(), plain, next)
            .runOrThrow();

    assertThat(outcome.text()).contains("and 1 that are not in the image's layers");
    assertThat(Images.resolve(next).manifestDigest())
        .isEqualTo(Images.resolve(optimized).manifestDigest());

    String converted = pushed.reference("tools:3");
    Asterism.command("convert", "--level", "1", "--temporary", spools.toString(), "--rebuild")
        .with("--estargz-record-in", record.toString(), plain, converted)
        .runOrThrow();
    assertThat(Images.resolve(converted).manifestDigest())
        .isEqualTo(Images.resolve(optimized).manifestDigest());
  }

  @Test
  void optimize_ofAProgramThatIsNotThere_saysSoAndMakesNothing()
      throws IOException, InterruptedException {
    String none = pushed.reference("tools:none");
    Outcome outcome =
        Asterism.command("optimize", "--temporary", spools.toString())
            .with("--entrypoint", "[\"/no/such/program\"]", small, none)
            .run();
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.errorText()).contains("could not be run").contains("/no/such/program");
    assertThat(Asterism.command("inspect", none).run().exitCode()).isEqualTo(1);
    assertThat(spools).isEmptyDirectory();
    assertThat(ScratchFolder.mountsBelow(spools)).isEmpty();
  }

  @Test
  void optimize_withInputAndALineThatDoesNotCome_readsItAndEndsInTime()
      throws IOException, InterruptedException {
    Path list = scratch.path().resolve("list");
    Path record = scratch.path().resolve("read-record");
    Outcome outcome =
        Asterism.command("optimize", "--level", "1", "--temporary", spools.toString())
            .with("-i", "--wait-on-line", "never", "--period", "2")
            .with("--entrypoint", "[\"/bin/sh\",\"-c\",\"sed s/^/got:/; exec sleep 603.25\"]")
            .with("--record-out", record.toString())
            .with(small, "oci:" + scratch.path().resolve("input") + ":1")
            .withInput("some input\n".getBytes(UTF_8))
            .runOrThrow();
    assertThat(outcome.errorText())
        .contains("got:some input", "the line did not come within 2 seconds");
    assertThat(FileRecord.read(record).paths()).contains("usr/bin/sed");
    assertThat(FileRecord.read(record).entries()).allMatch(each -> each.content().isPresent());
    assertThat(sleepers("603.25")).isZero();

    Files.writeString(list, "# first of all\nusr/bin/se?\n/no/such/*\n");
    Outcome listed =
        Asterism.command("optimize", "--level", "1", "--temporary", spools.toString(), "--json")
            .with("--prefetch-list", list.toString(), "--record-out", record.toString())
            .with(small, "oci:" + scratch.path().resolve("listed") + ":1")
            .runOrThrow();
    assertThat(listed.errorText()).doesNotContain("running the workload");
    assertThat(listed.text()).contains("{\"event\":\"unmatched\",\"name\":\"/no/such/*\"}");
    assertThat(FileRecord.read(record).paths())
        .contains("usr/bin/sed")
        .allMatch(path -> path.startsWith("usr/bin/se"));
  }

  @Test
  void optimize_forAnotherMachine_convertsWithoutARun() throws IOException, InterruptedException {
    Outcome outcome =
        Asterism.command("optimize", "--level", "1", "--temporary", spools.toString())
            .with("--platform", "linux/s390x", plain)
            .with("oci:" + scratch.path().resolve("foreign") + ":1")
            .runOrThrow();
    assertThat(outcome.errorText())
        .contains("nothing is run: no image for this machine")
        .doesNotContain("running the workload");
    assertThat(outcome.text()).contains("first     0 files", "converted");
  }

  /// A workload that ends when it is told to; others are killed after ten seconds.
  private static String untilTold(String work, String seconds) {
    return "trap exit TERM; %s; sleep %s & wait".formatted(work, seconds);
  }

  @ParameterizedTest
  @CsvSource({"TERM, 143", "INT, 130"})
  void optimize_signalledWhileTheWorkloadRuns_endsAsTheSignalSays(String signal, int exitCode)
      throws IOException, InterruptedException {
    Path home = Files.createDirectory(scratch.path().resolve("told-" + signal));
    Path output = scratch.path().resolve("told-output-" + signal);
    String none = pushed.reference("tools:told-" + signal);
    // Whoever runs the tests in the background may have SIGINT ignored, and so all below.
    Process process =
        Command.of("env", "--default-signal=INT")
            .before(Asterism.command("optimize", "--temporary", home.toString()))
            .with("--period", "600", "--entrypoint")
            .with("[\"/bin/sh\",\"-c\",\"%s\"]".formatted(untilTold("echo running", "604.25")))
            .with(small, none)
            .builder()
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    cleanup.add(() -> process.destroyForcibly());
    while (process.isAlive() && !Files.readString(output).lines().toList().contains("running")) {
      boolean _ = process.waitFor(50, TimeUnit.MILLISECONDS);
    }

    Command.of("kill", "-" + signal, Long.toString(process.pid())).runOrThrow();

    assertThat(process.waitFor()).as(Files.readString(output)).isEqualTo(exitCode);
    assertThat(output).content().contains("told to end while the workload ran");
    assertThat(ScratchFolder.mountsBelow(home)).isEmpty();
    assertThat(home).isEmptyDirectory();
    assertThat(sleepers("604.25")).isZero();
    assertThat(Asterism.command("inspect", none).run().errorText()).contains("404");
  }

  @Test
  void optimize_killed_leavesNothing() throws IOException, InterruptedException {
    Path killed = Files.createDirectory(scratch.path().resolve("killed"));
    Path output = scratch.path().resolve("output");
    Process process =
        Asterism.command("optimize", "--temporary", killed.toString(), "--period", "600")
            .with("--entrypoint", "[\"/bin/sh\",\"-c\",\"echo running; exec sleep 601.25\"]")
            .with(small, pushed.reference("tools:killed"))
            .builder()
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    while (process.isAlive() && !Files.readString(output).lines().toList().contains("running")) {
      boolean _ = process.waitFor(100, TimeUnit.MILLISECONDS);
    }
    assertThat(process.isAlive()).as(() -> output.toString()).isTrue();
    assertThat(ScratchFolder.mountsBelow(killed)).isNotEmpty();
    assertThat(sleepers("601.25")).isEqualTo(1);

    process.destroyForcibly().waitFor();

    for (int left = 600; left > 0 && isLeft(killed); left--) {
      Thread.sleep(100);
    }
    assertThat(ScratchFolder.mountsBelow(killed)).isEmpty();
    assertThat(killed).isEmptyDirectory();
    assertThat(sleepers("601.25")).isZero();
  }

  @Test
  void optimize_afterAMachineWentDown_removesWhatLies() throws IOException, InterruptedException {
    Path home = Files.createDirectory(scratch.path().resolve("down"));
    Path old = Files.createDirectories(home.resolve("asterism-optimize-123/store/a"));
    Files.writeString(home.resolve("asterism-optimize-123/lock"), "");
    Asterism.command("optimize", "--level", "1", "--temporary", home.toString(), "--no-optimize")
        .with(plain, "oci:" + scratch.path().resolve("after") + ":1")
        .runOrThrow();
    assertThat(old).doesNotExist();
    assertThat(home).isEmptyDirectory();
  }

  @Test
  void optimize_onATerminalForSomeTime_givesItAndKnownHostsToTheWorkload()
      throws IOException, InterruptedException {
    String program =
        untilTold(
            "test -t 0 && test -t 1 && echo on a terminal; cat /etc/hosts /etc/resolv.conf",
            "602.25");
    List<String> words =
        Asterism.command("optimize", "--level", "1", "--temporary", spools.toString())
            .with(
                "-t",
                "-i",
                "--wait-on-line",
                "nameserver 10.0.0.1",
                "--period",
                "60",
                "--add-hosts",
                "db:10.0.0.7",
                "--dns-nameservers",
                "10.0.0.1")
            .with("--entrypoint", "[\"/bin/sh\",\"-c\",\"%s\"]".formatted(program))
            .with(small, "oci:" + scratch.path().resolve("terminal") + ":1")
            .builder()
            .command();
    String line = words.stream().map(word -> "'" + word + "'").collect(Collectors.joining(" "));
    Outcome outcome =
        Command.of("script", "-qec", line, "/dev/null")
            .withVariable("CLASSPATH", System.getProperty("java.class.path"))
            .runOrThrow();
    assertThat(outcome.text())
        .contains("on a terminal", "10.0.0.7\tdb", "nameserver 10.0.0.1", "first ");
    assertThat(spools).isEmptyDirectory();
    assertThat(sleepers("602.25")).isZero();
  }

  @Test
  void optimize_untilASignal_watchesSoLongAndThenMakesTheImage()
      throws IOException, InterruptedException {
    Path home = Files.createDirectory(scratch.path().resolve("signalled"));
    Path output = scratch.path().resolve("signalled-output");
    Path variables = Files.writeString(scratch.path().resolve("variables"), "# two\nA=a\nB=b\n");
    Path opened = scratch.path().resolve("signalled-record");
    String program =
        "trap exit TERM; echo running $A $B $PWD;"
            + " while :; do cat /usr/bin/sed /usr/bin/sleep >/dev/null; done";
    Process process =
        Asterism.command("optimize", "--level", "1", "--temporary", home.toString())
            .with("--wait-on-signal", "--env-file", variables.toString(), "--env", "B=c")
            .with("--cwd", "/usr/lib", "--record-out", opened.toString())
            .with("--entrypoint", "[\"/bin/sh\",\"-c\",\"%s\"]".formatted(program))
            .with(small, "oci:" + scratch.path().resolve("until-signal") + ":1")
            .builder()
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    cleanup.add(() -> process.destroyForcibly());
    while (process.isAlive() && !Files.readString(output).contains("running a")) {
      boolean _ = process.waitFor(100, TimeUnit.MILLISECONDS);
    }
    assertThat(Files.readString(output)).contains("running a c /usr/lib\n");
    boolean early = process.waitFor(2, TimeUnit.SECONDS);
    assertThat(early).as(Files.readString(output)).isFalse();

    // Not SIGINT: whoever runs the tests in the background may have it ignored, and so all below.
    Command.of("kill", "-TERM", Long.toString(process.pid())).runOrThrow();

    assertThat(process.waitFor()).as(Files.readString(output)).isZero();
    assertThat(FileRecord.read(opened).paths()).contains("usr/bin/sh", "usr/bin/cat");
    assertThat(
            Asterism.command("check", "oci:" + scratch.path().resolve("until-signal") + ":1")
                .run()
                .exitCode())
        .isZero();
    assertThat(home).isEmptyDirectory();
    assertThat(ScratchFolder.mountsBelow(home)).isEmpty();
  }

  private static boolean isLeft(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findAny().isPresent();
    }
  }

  private static long sleepers(String time) {
    return ProcessHandle.allProcesses()
        .filter(each -> each.info().commandLine().orElse("").endsWith("sleep " + time))
        .count();
  }

  private List<String> filesOf(Descriptor layer) throws IOException {
    List<String> names = new ArrayList<>();
    Blob blob = Images.blob(optimized, layer);
    TocReader.read(
        blob,
        TocLocator.locate(blob),
        TocLimits.DEFAULT,
        entry -> {
          if (entry instanceof TocEntry.RegularFile || entry instanceof TocEntry.HardLink) {
            names.add(entry.name());
          }
        });
    return names;
  }
}
