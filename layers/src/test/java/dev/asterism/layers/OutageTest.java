package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Reads whose registry is away wait as their image says: for ever, for a while, or not at all.
@Tag("kernel")
@Timeout(300)
final class OutageTest {
  private static final byte[] BIG = RandomTrees.content(Seeds.generator(13), 400_000);
  private static final byte[] SMALL = RandomTrees.content(Seeds.generator(14), 9_000);

  @TempDir Path directory;

  private static Layer layer() {
    return Layer.of(file("small", SMALL), file("big", BIG), file("other", "something else"));
  }

  enum Kind {
    SMALL,
    BIG
  }

  private static Process reader(Path rootfs, String name) throws Exception {
    return Command.of("cat", rootfs.resolve(name).toString()).builder().start();
  }

  private static List<OutageReport> outages(LazyNode node) {
    return node.service().outages();
  }

  @ParameterizedTest
  @EnumSource
  void read_registryAwayAndBack_waitsAndIsRight(Kind kind) throws Exception {
    String name = kind.name().toLowerCase(Locale.ROOT);
    byte[] content = kind == Kind.SMALL ? SMALL : BIG;
    try (Origin origin = Origin.startQuick();
        Logs logs = Logs.collect();
        LazyNode node = LazyNode.start(directory, origin, OutagePolicy.WAIT)) {
      LayerRequest layer = origin.add(layer());
      Path rootfs = node.mount(layer);
      origin.registry().refuseConnections();
      List<Process> readers = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        readers.add(reader(rootfs, name));
      }
      await(() -> outages(node).stream().anyMatch(outage -> outage.waiting() > 0));
      OutageReport outage = outages(node).getFirst();
      assertThat(outage.registry()).isEqualTo(origin.registry().host());
      assertThat(outage.image()).isEqualTo(layer.image());
      assertThat(outage.layer()).isEqualTo(layer.layer());
      assertThat(outage.file()).endsWith(name);
      assertThat(outage.end()).isGreaterThan(outage.start());
      assertThat(outage.ended()).isEmpty();
      assertThat(readers).allMatch(Process::isAlive);

      origin.registry().up();

      for (Process reader : readers) {
        assertThat(reader.getInputStream().readAllBytes()).isEqualTo(content);
        assertThat(reader.waitFor()).isZero();
      }
      await(() -> outages(node).getFirst().ended().isPresent());
      assertThat(outages(node)).hasSize(1);
      assertThat(logs.text())
          .containsOnlyOnce("registry-away")
          .contains(origin.registry().host(), layer.image(), name, "since=")
          .doesNotContain("cannot fetch");
    }
  }

  @Test
  void read_readerKilledWhileItWaits_endsAndNobodyWaitsForItAnyMore() throws Exception {
    try (Origin origin = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, origin, OutagePolicy.WAIT)) {
      Path rootfs = node.mount(origin.add(layer()));
      origin.registry().refuseConnections();
      Process reader = reader(rootfs, "big");
      await(() -> outages(node).stream().anyMatch(outage -> outage.waiting() > 0));

      reader.destroyForcibly();

      assertThat(reader.waitFor(60, TimeUnit.SECONDS)).isTrue();
      // A look every few seconds: over those all, its call is between two attempts at most once.
      int asked = origin.asked();
      await(() -> {
        int before = origin.asked();
        Thread.sleep(Duration.ofSeconds(7));
        return origin.asked() == before;
      });
      assertThat(origin.asked()).isGreaterThanOrEqualTo(asked);
      await(() -> outages(node).getFirst().waiting() == 0);
      origin.registry().up();
    }
  }

  @Test
  void read_boundedWait_isEioWhenItIsOverAndRightWhenTheRegistryIsBack() throws Exception {
    Duration bound = Duration.ofSeconds(3);
    try (Origin origin = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, origin, new OutagePolicy(bound))) {
      Path rootfs = node.mount(origin.add(layer()));
      origin.registry().refuseConnections();

      for (String name : List.of("small", "big")) {
        long began = System.nanoTime();
        assertThat(cat(rootfs, name).errorText()).endsWith("Input/output error");
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isGreaterThanOrEqualTo(bound);
      }

      origin.registry().up();
      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
    }
  }

  @Test
  void read_labelSaysFail_doesNotWaitWhereTheNodeWould() throws Exception {
    try (Origin origin = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, origin, OutagePolicy.WAIT)) {
      Path rootfs = node.mount(origin.add(layer()).withOutages(Optional.of(OutagePolicy.FAIL)));
      origin.registry().refuseConnections();

      assertThat(cat(rootfs, "small").errorText()).endsWith("Input/output error");
      assertThat(cat(rootfs, "big").errorText()).endsWith("Input/output error");
      origin.registry().up();
    }
  }

  /// What will not pass by itself is not waited for: nobody would see why.
  @Test
  void read_registrySaysNo_isEioAtOnce() throws Exception {
    try (Origin origin = Origin.startQuick();
        LazyNode node = LazyNode.start(directory, origin, OutagePolicy.WAIT)) {
      Path rootfs = node.mount(origin.add(layer()));
      origin.registry().fault(Target.blobs(), new Fault.Status(404));

      assertThat(cat(rootfs, "small").errorText()).endsWith("Input/output error");
      assertThat(cat(rootfs, "big").errorText()).endsWith("Input/output error");
      assertThat(outages(node)).isEmpty();
    }
  }

  /// Two registries have the file; the one that is away is not waited for.
  @Test
  void read_anotherRegistryHasIt_doesNotWait() throws Exception {
    try (Origin gone = Origin.startQuick();
        Origin there = Origin.startQuick();
        LazyNode node =
            LazyNode.start(
                directory,
                (image, layer) ->
                    (image.startsWith(gone.registry().host()) ? gone : there).open(image, layer),
                OutagePolicy.WAIT)) {
      Path rootfs = node.mount(gone.add(layer()));
      node.mount(there.add(Layer.of(file("x", "x"), file("s", SMALL), file("b", BIG))));
      gone.registry().refuseConnections();

      assertThat(cat(rootfs, "small").orThrow().out()).isEqualTo(SMALL);
      assertThat(cat(rootfs, "big").orThrow().out()).isEqualTo(BIG);
      gone.registry().up();
    }
  }
}
