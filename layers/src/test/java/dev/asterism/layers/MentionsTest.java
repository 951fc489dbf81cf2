package dev.asterism.layers;

import static dev.asterism.layers.LazyNode.await;
import static dev.asterism.layers.LazyNode.cat;
import static dev.asterism.testkit.layer.Entry.file;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What comes because a file that was used names it. Between any two files lies more than is read
/// along the blob, and the modules are too large to be guessed.
@Tag("kernel")
@Timeout(300)
final class MentionsTest {
  private static final int LARGE = 100_000;
  private static final byte[] FAST = content(1);
  private static final byte[] SLOW = content(2);
  private static final byte[] DEEP = content(3);
  private static final byte[] PACKAGE = naming("_deep");

  @TempDir Path directory;

  private static byte[] content(long seed) {
    return RandomTrees.content(Seeds.generator(seed), LARGE);
  }

  /// A compiled module as Python writes them: names with their length before, the type of what
  /// comes next behind.
  private static byte[] naming(String... names) {
    StringBuilder text = new StringBuilder("\u00a7\r\r\n");
    for (String name : names) {
      text.append("\u00da").append((char) name.length()).append(name).append('r');
    }
    return text.toString().getBytes(ISO_8859_1);
  }

  /// Puts gaps between files.
  private static Layer apart(Entry... files) {
    List<Entry> entries = new ArrayList<>();
    for (Entry each : files) {
      entries.add(
          file(
              "gaps/" + entries.size(),
              RandomTrees.content(
                  Seeds.generator(100 + entries.size()), 700_000 + entries.size())));
      entries.add(each);
    }
    return new Layer(entries);
  }

  private static boolean has(LazyNode node, byte[] content) throws Exception {
    return !node.find("cache", "-name", Digest.of(content).hex()).isEmpty();
  }

  private LazyNode node(Origin origin) throws Exception {
    return LazyNode.start(directory, origin, LazyNode.PATIENT, StartPolicy.NOTHING);
  }

  @Test
  void use_ofAModule_bringsTheExtensionThatItNames() throws Exception {
    Layer layer =
        apart(
            file("lib/__pycache__/main.cpython-311.pyc", naming("other", "_fast")),
            file("lib/lib-dynload/_fast.cpython-311-x86_64-linux-gnu.so", FAST),
            file("lib/lib-dynload/_slow.cpython-311-x86_64-linux-gnu.so", SLOW),
            file("elsewhere/_fast.so", DEEP),
            file("lib/main.py", "import _fast"));
    try (Origin origin = Origin.start();
        LazyNode node = node(origin)) {
      Path rootfs = node.mount(origin.add(layer));

      assertThat(cat(rootfs, "lib/__pycache__/main.cpython-311.pyc").orThrow().out())
          .isEqualTo(naming("other", "_fast"));

      await(() -> has(node, FAST));
      assertThat(
              cat(rootfs, "lib/lib-dynload/_fast.cpython-311-x86_64-linux-gnu.so").orThrow().out())
          .isEqualTo(FAST);
      assertThat(has(node, SLOW)).isFalse();
      assertThat(has(node, DEEP)).isFalse();
    }
  }

  @Test
  void use_ofAModuleThatNamesAPackage_bringsWhatThatNames() throws Exception {
    Layer layer =
        apart(
            file("lib/__pycache__/main.cpython-311.pyc", naming("pack")),
            file("lib/pack/__pycache__/__init__.cpython-311.pyc", PACKAGE),
            file("lib/pack/_deep.cpython-311-x86_64-linux-gnu.so", DEEP),
            file("lib/pack/_slow.cpython-311-x86_64-linux-gnu.so", SLOW),
            file("lib/pack/text", "text"));
    try (Origin origin = Origin.start();
        LazyNode node = node(origin)) {
      Path rootfs = node.mount(origin.add(layer));

      assertThat(cat(rootfs, "lib/__pycache__/main.cpython-311.pyc").orThrow().out())
          .isEqualTo(naming("pack"));

      await(() -> has(node, PACKAGE) && has(node, DEEP));
      assertThat(has(node, SLOW)).isFalse();
    }
  }

  @Test
  void use_ofAListOfAllModules_bringsNone() throws Exception {
    List<String> names = IntStream.range(0, 100).mapToObj(i -> "module" + i).toList();
    byte[] list = names.stream().collect(Collectors.joining("\n")).getBytes(ISO_8859_1);
    List<Entry> files = new ArrayList<>();
    files.add(file("plugins/list", list));
    files.add(file("gap", RandomTrees.content(Seeds.generator(99), 700_000)));
    files.add(file("plugins/other", naming("module7")));
    for (String name : names) {
      files.add(file("plugins/" + name + ".so", (name + " ").repeat(10)));
    }
    try (Origin origin = Origin.start();
        LazyNode node = node(origin)) {
      Path rootfs = node.mount(origin.add(new Layer(files)));

      assertThat(cat(rootfs, "plugins/list").orThrow().out()).isEqualTo(list);
      assertThat(cat(rootfs, "plugins/other").orThrow().out()).isEqualTo(naming("module7"));

      await(() -> has(node, "module7 ".repeat(10).getBytes(ISO_8859_1)));
      assertThat(has(node, "module93 ".repeat(10).getBytes(ISO_8859_1))).isFalse();
    }
  }

  @Test
  void guess_passesTheSourcesOfCompiledModulesBy() throws Exception {
    byte[] source = "print()".getBytes(ISO_8859_1);
    byte[] script = "print(1)".getBytes(ISO_8859_1);
    byte[] other = "print(2)".getBytes(ISO_8859_1);
    Layer layer =
        apart(
            file("lib/__pycache__/known.cpython-311.pyc", naming("nothing")),
            file("lib/known.py", source),
            file("lib/script.py", script),
            file("lib/used.py", other));
    try (Origin origin = Origin.start();
        LazyNode node = node(origin)) {
      LayerRequest request = origin.add(layer);
      Path rootfs = node.mount(request);
      assertThat(cat(rootfs, "lib/__pycache__/known.cpython-311.pyc").orThrow().out())
          .isEqualTo(naming("nothing")); // after which it is known what is compiled
      LayerContent content =
          node.service().fetching().catalog().layer(request.layer()).orElseThrow();
      await(() -> content.anticipation().isCompiledSource(chunkOf(content, source)));

      assertThat(cat(rootfs, "lib/used.py").orThrow().out()).isEqualTo(other);

      await(() -> has(node, script));
      assertThat(has(node, source)).isFalse();
      assertThat(cat(rootfs, "lib/known.py").orThrow().out()).isEqualTo(source);
    }
  }

  private static LayerChunk chunkOf(LayerContent content, byte[] file) {
    ChunkTable table = content.table();
    LayerObject object = table.object(table.find(Digest.of(file)).orElseThrow());
    return table.chunk(table.chunkOf(object, 0));
  }
}
