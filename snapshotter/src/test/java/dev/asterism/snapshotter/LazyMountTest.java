package dev.asterism.snapshotter;

import static dev.asterism.snapshotter.Statuses.assertFails;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.layers.Chain;
import dev.asterism.layers.Chain.Below;
import io.grpc.Status.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the kernel makes of the overlays that we answer over chains.
///
/// A chain is a directory here whose files have the attributes that a merged image has: the kernel
/// finds their bytes in the data-only layers.
@Tag("kernel")
final class LazyMountTest {
  private static final Digest LOW = Digest.of(new byte[] {1});
  private static final Digest HIGH = Digest.of(new byte[] {2});

  @TempDir private Path root;
  @TempDir private Path scratch;
  private AsterismService service;

  @BeforeEach
  void start() throws Exception {
    Kernel.require("mount", "unshare", "setfattr");
    service = AsterismService.start(root);
    service.layers().reachable.add(LOW);
    service.layers().reachable.add(HIGH);
    for (Path data : service.layers().dataLayers()) {
      Files.createDirectories(data.resolve("ab"));
    }
  }

  @AfterEach
  void stop() throws Exception {
    if (service != null) {
      service.close();
    }
  }

  private void remote(String target, String parent, Digest layer) {
    assertFails(
        Code.ALREADY_EXISTS,
        () ->
            service
                .client()
                .prepare(
                    "extract " + target,
                    parent,
                    Map.of(
                        RemoteLabels.TARGET,
                        target,
                        RemoteLabels.CRI_IMAGE,
                        "registry.example/app:1",
                        RemoteLabels.CRI_LAYER,
                        layer.toString())));
  }

  /// Adds a file to a chain, its bytes to the data layer of that number.
  private void file(Chain chain, String name, String content, int dataLayer) throws Exception {
    Path file = service.layers().directory(chain).resolve(name);
    Files.createDirectories(file.resolve("..").normalize());
    Path object = Path.of("ab").resolve(Digest.of(content.getBytes(UTF_8)).hex());
    Files.writeString(service.layers().dataLayers().get(dataLayer).resolve(object), content);
    Kernel.run("truncate", "-s", Integer.toString(content.length()), file.toString());
    Kernel.run("setfattr", "-n", "trusted.overlay.metacopy", file.toString());
    Kernel.run("setfattr", "-n", "trusted.overlay.redirect", "-v", "/" + object, file.toString());
  }

  /// Returns where the files of a committed snapshot are.
  private Path upper(String name) {
    String lowerdir =
        service.client().view("view of " + name, name).getFirst().options().stream()
            .filter(option -> option.startsWith("lowerdir="))
            .findFirst()
            .orElseThrow();
    return Path.of(lowerdir.substring("lowerdir=".length(), lowerdir.indexOf(':')));
  }

  private String in(String key, String script) throws Exception {
    return Kernel.in(scratch, service.client().mounts(key), script);
  }

  @Test
  void active_overChain_readsFromEveryDataLayer() throws Exception {
    remote("low", "", LOW);
    Chain chain = Chain.of(List.of(LOW));
    file(chain, "etc/objects", "one", 0);
    file(chain, "etc/gate", "two", 1);
    file(chain, "etc/fresh", "three", 2);
    service.client().prepare("c", "low");
    assertThat(in("c", "cd etc; cat objects gate fresh; ls"))
        .isEqualTo("onetwothreefresh\ngate\nobjects");
  }

  @Test
  void active_overChain_isWrittenAndKept() throws Exception {
    remote("low", "", LOW);
    Chain chain = Chain.of(List.of(LOW));
    file(chain, "d/append", "one", 0);
    file(chain, "d/mode", "two", 0);
    file(chain, "d/gone", "three", 0);
    service.client().prepare("c", "low");
    in("c", "echo more >> d/append; chmod 600 d/mode; rm d/gone; mv d e; ln e/mode hard");
    assertThat(in("c", "cat e/append e/mode hard; stat -c %a hard; ls e; test ! -e d"))
        .isEqualTo("onemore\ntwotwo600\nappend\nmode");
  }

  @Test
  void view_overChain_readsAndRefusesWrites() throws Exception {
    remote("low", "", LOW);
    file(Chain.of(List.of(LOW)), "f", "one", 0);
    service.client().view("v", "low");
    assertThat(in("v", "cat f")).isEqualTo("one");
    assertThatThrownBy(() -> in("v", "echo x > g")).hasMessageContaining("Read-only");
  }

  @Test
  void active_overCommittedOverChain_seesBoth() throws Exception {
    remote("low", "", LOW);
    file(Chain.of(List.of(LOW)), "d/f", "one", 0);
    service.client().prepare("k", "low");
    in("k", "chmod 600 d/f; echo top > d/top; mv d moved");
    service.client().commit("ordinary", "k");
    service.client().prepare("c", "ordinary");
    assertThat(
            in("c", "cat moved/f moved/top; stat -c %a moved/f; echo more >> moved/f; cat moved/f"))
        .isEqualTo("onetop\n600\nonemore");
  }

  @Test
  void active_overChainOverOrdinary_seesBoth() throws Exception {
    Path fs = Path.of(service.client().prepare("k", "").getFirst().source());
    in("k", "mkdir d; echo below > d/below; echo hidden > d/f");
    service.client().commit("ordinary", "k");
    remote("high", "ordinary", HIGH);
    Chain chain = new Chain(List.of(HIGH), List.of(new Below.Unpacked(fs)));
    file(chain, "d/f", "above", 1);
    service.client().prepare("c", "high");
    assertThat(in("c", "cat d/f d/below; echo new > d/new; ls d"))
        .isEqualTo("abovebelow\nbelow\nf\nnew");
  }

  @Test
  void active_overSeveralChains_seesAll() throws Exception {
    remote("low", "", LOW);
    Chain low = Chain.of(List.of(LOW));
    file(low, "d/low", "low", 0);
    service.client().prepare("k", "low");
    in("k", "echo middle > d/middle");
    service.client().commit("ordinary", "k");
    remote("high", "ordinary", HIGH);
    List<Below> below = List.of(new Below.Unpacked(upper("ordinary")), new Below.Merged(low.id()));
    file(new Chain(List.of(HIGH), below), "d/high", "high", 2);
    service.client().prepare("c", "high");
    assertThat(in("c", "cat d/high d/low d/middle")).isEqualTo("highlowmiddle");
  }
}
