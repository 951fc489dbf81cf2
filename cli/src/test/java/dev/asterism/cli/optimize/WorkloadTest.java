package dev.asterism.cli.optimize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.images.ContainerConfig;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WorkloadTest {
  private static final ContainerConfig IMAGE =
      new ContainerConfig(
          List.of("/entry", "-x"), List.of("serve"), List.of("A=1", "B=2"), "/srv", "www");

  @Test
  void of_noChanges_isTheImages() throws IOException {
    Workload workload = Workload.of(IMAGE, changes(Optional.empty(), Optional.empty()));
    assertThat(workload.words()).containsExactly("/entry", "-x", "serve");
    assertThat(workload.environment()).contains("A=1", "B=2").anyMatch(v -> v.startsWith("PATH="));
    assertThat(workload.directory()).isEqualTo("/srv");
    assertThat(workload.user()).isEqualTo("www");
  }

  @Test
  void of_entrypoint_takesTheImagesArgumentsAway() throws IOException {
    Optional<List<String>> entry = Optional.of(List.of("sh"));
    assertThat(Workload.of(IMAGE, changes(entry, Optional.empty())).words()).containsExactly("sh");
    assertThat(Workload.of(IMAGE, changes(entry, Optional.of(List.of("-c")))).words())
        .containsExactly("sh", "-c");
    assertThat(Workload.of(IMAGE, changes(Optional.empty(), Optional.of(List.of("y")))).words())
        .containsExactly("/entry", "-x", "y");
  }

  @Test
  void of_environment_replacesByName() throws IOException {
    Workload.Changes changes =
        new Workload.Changes(
            Optional.empty(),
            Optional.empty(),
            List.of("B=3=4", "PATH=/x"),
            Optional.empty(),
            Optional.empty(),
            List.of(),
            false,
            Names.NONE,
            Workload.Attached.INPUT);
    assertThat(Workload.of(IMAGE, changes).environment())
        .containsExactlyInAnyOrder("A=1", "B=3=4", "PATH=/x");
  }

  @Test
  void of_noProgramAnywhere_saysWhatToDo() {
    ContainerConfig empty = new ContainerConfig(List.of(), List.of(), List.of(), "", "");
    assertThatThrownBy(() -> Workload.of(empty, changes(Optional.empty(), Optional.empty())))
        .hasMessageContaining("--entrypoint");
  }

  @Test
  void user_namesAndNumbers_areLookedUp() throws IOException {
    List<String> passwd =
        List.of("root:x:0:0::/root:/bin/sh", "torn", "www:x:33:34::/srv:/bin/false");
    List<String> group = List.of("root:x:0:", "web:x:34:", "logs:x:4:www,other", "more:x:5:www");

    assertThat(ContainerUser.of("", passwd, group)).isEqualTo(new ContainerUser(0, 0, List.of()));
    assertThat(ContainerUser.of("www", passwd, group))
        .isEqualTo(new ContainerUser(33, 34, List.of(4L, 5L)));
    assertThat(ContainerUser.of("33", passwd, group))
        .isEqualTo(new ContainerUser(33, 34, List.of(4L, 5L)));
    assertThat(ContainerUser.of("www:logs", passwd, group))
        .isEqualTo(new ContainerUser(33, 4, List.of()));
    assertThat(ContainerUser.of("1000:7", List.of(), List.of()))
        .isEqualTo(new ContainerUser(1000, 7, List.of()));
    assertThatThrownBy(() -> ContainerUser.of("nobody", passwd, group))
        .hasMessageContaining("no user 'nobody'");
    assertThatThrownBy(() -> ContainerUser.of("www:none", passwd, group))
        .hasMessageContaining("no group 'none'");
    assertThatThrownBy(() -> ContainerUser.of("99999999999", passwd, group))
        .isInstanceOf(IOException.class);
  }

  @Test
  void mount_asCtrHasIt_isRead() {
    assertThat(BindMount.parse("type=bind,src=/a,dst=/b,options=rbind:ro"))
        .isEqualTo(new BindMount("bind", "/a", "/b", List.of("rbind", "ro")));
    assertThat(BindMount.parse("type=tmpfs,source=tmpfs,destination=/c"))
        .isEqualTo(new BindMount("tmpfs", "tmpfs", "/c", List.of()));
    assertThatThrownBy(() -> BindMount.parse("/a:/b")).hasMessageContaining("not a mount");
    assertThatThrownBy(() -> BindMount.parse("src=/a,dst=b")).hasMessageContaining("absolute");
  }

  @Test
  void names_asCtrRemoteHasThem_becomeFiles(@TempDir Path folder) throws IOException {
    Names names =
        Names.of(
            List.of("10.0.0.1", "fd00::1"),
            List.of("example", "test"),
            List.of("ndots:2"),
            List.of("db:10.0.0.7", "six:fd00::7"));
    assertThat(names.mounts(folder, true))
        .extracting(BindMount::destination)
        .containsExactly("/etc/resolv.conf", "/etc/hosts");
    assertThat(folder.resolve("resolv.conf"))
        .hasContent(
            "nameserver 10.0.0.1\nnameserver fd00::1\nsearch example test\noptions ndots:2");
    assertThat(folder.resolve("hosts"))
        .hasContent("127.0.0.1\tlocalhost\n10.0.0.7\tdb\nfd00::7\tsix");
    assertThat(Names.NONE.mounts(folder, false)).isEmpty();
    assertThat(Names.NONE.mounts(folder, true)).extracting(BindMount::source).hasSize(2);
    assertThatThrownBy(() -> Names.of(List.of(), List.of(), List.of(), List.of("db")))
        .hasMessageContaining("NAME:ADDRESS");
    assertThatThrownBy(() -> Names.of(List.of("a\nb"), List.of(), List.of(), List.of()))
        .hasMessageContaining("not a name");
  }

  private static Workload.Changes changes(
      Optional<List<String>> entrypoint, Optional<List<String>> arguments) {
    return new Workload.Changes(
        entrypoint,
        arguments,
        List.of(),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        false,
        Names.NONE,
        Workload.Attached.OUTPUT);
  }
}
