package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Blob;
import dev.asterism.estargz.Landmark;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocLimits;
import dev.asterism.estargz.TocLocator;
import dev.asterism.estargz.TocReader;
import dev.asterism.images.FileRecord;
import dev.asterism.registry.Descriptor;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;

/// A Debian image that `asterism optimize` made: runc ran its workload, without containerd.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class OptimizedImageTest {
  private static final String WORKLOAD =
      "[\"/bin/sh\",\"-c\",\"id -u; cat /given/note; file -b /bin/sh; echo ready; exec sleep 600\"]";

  private final Cleanup cleanup = Cleanup.open();
  private ScratchFolder scratch;
  private DockerRegistry pushed;
  private Path spools;
  private Path record;
  private String plain;
  private String optimized;
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
  }

  @Test
  void optimize_ofAProgramThatIsNotThere_saysSoAndMakesNothing()
      throws IOException, InterruptedException {
    String none = pushed.reference("tools:none");
    Outcome outcome =
        Asterism.command("optimize", "--temporary", spools.toString())
            .with("--entrypoint", "[\"/no/such/program\"]", plain, none)
            .run();
    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.errorText()).contains("could not be run").contains("/no/such/program");
    assertThat(Asterism.command("inspect", none).run().exitCode()).isEqualTo(1);
    assertThat(spools).isEmptyDirectory();
    assertThat(ScratchFolder.mountsBelow(spools)).isEmpty();
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
