package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.estargz.Annotations;
import dev.asterism.registry.Descriptor;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import dev.asterism.testkit.tree.TreeListing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Images of which only some layers can be read lazily.
@Tag("kernel")
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(value = 15, unit = TimeUnit.MINUTES)
class MixedChainTest {
  private final Cleanup cleanup = Cleanup.open();
  private TestRegistry registry;
  private Path storage;
  private List<Descriptor> lazy;
  private List<Descriptor> plain;

  @BeforeAll
  void readLayers() throws IOException, InterruptedException {
    storage = RealImage.storage();
    try (DockerRegistry source = DockerRegistry.start(storage)) {
      lazy = Images.resolve(source.reference(RealImage.LAZY)).layers();
      plain = Images.resolve(source.reference(RealImage.PLAIN)).layers();
    }
    registry = TestRegistry.start();
    cleanup.add(registry::close);
  }

  @AfterAll
  void end() throws IOException {
    cleanup.close();
  }

  /// A lazy layer on top that names none of its directories: they look as below it.
  private static final Layer.EstargzBlob NAMELESS =
      Layer.of(
              Entry.file("tmp/asterism/f", "in a sticky directory"),
              Entry.file("root/asterism/f", "in a private directory"),
              Entry.file("var/local/asterism/f", "in a set-group-id directory"))
          .estargz();

  /// Unpacking a file changes the times of directories that no entry resets.
  private static final Pattern TIME_OF_UNPACKING =
      Pattern.compile("(root|tmp|var|var/local)(/asterism)?: time is .*");

  /// The layers, counted from the lowest, that are ordinary ones.
  static List<Set<Integer>> ordinaryLayers() {
    return List.of(Set.of(1), Set.of(0, 2), Set.of(3));
  }

  @ParameterizedTest
  @MethodSource("ordinaryLayers")
  void tree_ofLazyAndOrdinaryLayers_isWhatOverlayfsShows(Set<Integer> ordinary)
      throws IOException, InterruptedException {
    String image = serve(ordinary);
    try (TestNode node = TestNode.start()) {
      node.pull(image);
      node.pullWhole(image);

      TreeListing actual = visible(node.tree(TestNode.ASTERISM, image));

      assertThat(actual.differenceFrom(visible(node.tree(TestNode.OVERLAYFS, image))).lines())
          .allMatch(line -> TIME_OF_UNPACKING.matcher(line).matches());
      Map<String, Boolean> prepared = node.prepared();
      for (int i = 0; i < RealImage.LAYERS; i++) {
        assertThat(prepared.get(layers(ordinary).get(i).digest().toString()))
            .as("layer %d is lazy", i)
            .isEqualTo(!ordinary.contains(i));
      }
      assertThat(prepared).containsEntry(NAMELESS.digest().toString(), true);
    }
  }

  private static TreeListing visible(TreeListing tree) {
    return tree.filter(name -> !RealImage.OWN_FILES.contains(name))
        .roundedToSeconds()
        .withoutRootTime();
  }

  private List<Descriptor> layers(Set<Integer> ordinary) {
    List<Descriptor> layers = new ArrayList<>(lazy);
    ordinary.forEach(i -> layers.set(i, plain.get(i)));
    return layers;
  }

  private String serve(Set<Integer> ordinary) {
    List<TestLayer> layers = new ArrayList<>();
    for (Descriptor descriptor : layers(ordinary)) {
      TestLayer layer = TestLayer.gzip(RealImage.blob(storage, descriptor.digest()));
      for (Map.Entry<String, String> annotation : descriptor.annotations().entrySet()) {
        layer = layer.annotated(annotation.getKey(), annotation.getValue());
      }
      layers.add(layer);
    }
    String tag =
        "ordinary-" + ordinary.stream().sorted().map(i -> i + "-").reduce("", String::concat) + "x";
    layers.add(
        TestLayer.gzip(NAMELESS.bytes())
            .annotated(Annotations.TOC_DIGEST, NAMELESS.tocDigest().toString()));
    return registry.reference(registry.image("mixed", tag, ImageConfig.running("/bin/sh"), layers));
  }
}
