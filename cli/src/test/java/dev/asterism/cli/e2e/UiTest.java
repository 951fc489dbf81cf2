package dev.asterism.cli.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.admin.client.AdminClient;
import dev.asterism.estargz.Annotations;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.layer.Entry;
import dev.asterism.testkit.layer.Layer;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.ScratchFolder;
import dev.asterism.testkit.registry.ImageConfig;
import dev.asterism.testkit.registry.TestLayer;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The page of `asterism ui` in a browser.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class UiTest {
  private static final byte[] SHARED = RandomTrees.content(Seeds.generator(51), 500_000);

  private static TestLayer layer(int seed) {
    Layer.EstargzBlob blob =
        Layer.of(
                Entry.file("srv/shared", SHARED),
                Entry.file("srv/rest", RandomTrees.content(Seeds.generator(seed), 3_000_000)))
            .estargz(EstargzOptions.DEFAULT);
    return TestLayer.gzip(blob.bytes())
        .annotated(Annotations.TOC_DIGEST, blob.tocDigest().toString());
  }

  /// Returns the page as a browser has it a few seconds after it was opened.
  private static String open(URI address, ScratchFolder scratch)
      throws IOException, InterruptedException {
    return Command.of("chromium", "--headless", "--no-sandbox", "--disable-gpu")
        .with("--disable-dev-shm-usage", "--no-first-run", "--disable-extensions")
        .with("--user-data-dir=" + scratch.path(), "--virtual-time-budget=3000", "--dump-dom")
        .with(address.toString())
        .within(Duration.ofMinutes(3))
        .runOrThrow()
        .text();
  }

  @Test
  void page_imagesOneOfThemOnItsWay_showsLayersSharingAndWhatIsFetched()
      throws IOException, InterruptedException {
    Machine.requireRootAnd("chromium");
    try (TestRegistry registry = TestRegistry.start();
        ScratchFolder scratch = ScratchFolder.create("asterism-ui");
        TestNode node = TestNode.start("no_background_fetch = true\n[outage]\nmode = \"wait\"\n")) {
      String one =
          registry.reference(
              registry.image("ui/one", "1", ImageConfig.running("/"), List.of(layer(1))));
      String two =
          registry.reference(
              registry.image("ui/two", "1", ImageConfig.running("/"), List.of(layer(2))));
      node.pull(one);
      node.pull(two);
      node.prepare(TestNode.ASTERISM, "a-container", Images.chainId(one));
      Path folder = node.mount(TestNode.ASTERISM, "a-container");
      Process page =
          Asterism.command("ui", "--admin-address")
              .with(node.root().resolveSibling("admin.sock").toString())
              .builder()
              .start();
      try (BufferedReader out =
          new BufferedReader(new InputStreamReader(page.getInputStream(), UTF_8))) {
        URI address = URI.create(out.readLine());
        Command.of("cat", folder.resolve("srv/shared").toString()).runOrThrow();
        registry.fallSilent();
        Process reader = Command.of("cat", folder.resolve("srv/rest").toString()).builder().start();
        AdminClient admin = new AdminClient(node.root().resolveSibling("admin.sock"));
        while (!admin.get("/v1/fetching").contains("\"arrived\"")) {
          Thread.sleep(20); // its request is not under way yet; the test's own time limit ends this
        }

        String shown = open(address, scratch);

        assertThat(shown)
            .contains("data-images=\"shown\"", "data-cacheexport=\"shown\"")
            .contains("process ", " layers, ", "<summary>" + one + "</summary>")
            .contains("<summary>" + two + "</summary>", "its registry")
            .contains(layer(1).content().digest().toString())
            .containsPattern("on the disk; without sharing [0-9.]+ kB more")
            .contains("Shares most with", two + ": ")
            .containsPattern("<td>%s</td><td><code>sha256:".formatted(registry.host()))
            .containsPattern("<td>read</td><td class=\"number\">[1-9][0-9.]* [kM]B</td>");
        assertThat(shown).contains("<div id=\"trouble\" role=\"alert\"></div>");

        registry.up();
        reader.destroyForcibly().waitFor();
        assertOnlyWhoKnowsTheAddress(address);
      } finally {
        page.destroy();
        assertThat(page.waitFor(60, TimeUnit.SECONDS)).isTrue();
        ScratchFolder.unmountBelow(folder);
      }
    }
  }

  /// Another user of the machine reaches the port, and nothing behind it; nor does anybody change
  /// anything there.
  private static void assertOnlyWhoKnowsTheAddress(URI address)
      throws IOException, InterruptedException {
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (String path : List.of("/", "/v1/images", "/0".repeat(16) + "/", "/metrics")) {
        assertThat(status(client, HttpRequest.newBuilder(address.resolve(path)))).isEqualTo(404);
      }
      assertThat(status(client, HttpRequest.newBuilder(address.resolve("v1/images"))))
          .isEqualTo(200);
      assertThat(
              status(
                  client,
                  HttpRequest.newBuilder(address.resolve("v1/cache/clean"))
                      .POST(HttpRequest.BodyPublishers.ofString("{}"))))
          .isEqualTo(404);
    }
  }

  private static int status(HttpClient client, HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
  }

  @Test
  void ui_noDaemon_saysSo() throws IOException, InterruptedException {
    try (ScratchFolder nowhere = ScratchFolder.create("asterism-nobody")) {
      assertThat(
              Asterism.command("ui", "--admin-address")
                  .with(nowhere.path().resolve("admin.sock").toString())
                  .run()
                  .errorText())
          .startsWith("asterism: no daemon answers");
    }
  }
}
