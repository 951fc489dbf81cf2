package dev.asterism.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class MountTest {
  @Test
  void parse_lineWithPropagationTags_skipsThem() {
    Mount mount =
        Mount.parse(
            "36 35 98:3 /mnt1 /mnt2 rw,noatime shared:1 master:2 - ext3 /dev/root rw,errors=continue");
    assertThat(mount)
        .isEqualTo(
            new Mount(
                36,
                35,
                98,
                3,
                "/mnt1",
                Path.of("/mnt2"),
                "rw,noatime",
                "ext3",
                "/dev/root",
                "rw,errors=continue"));
  }

  @Test
  void parse_escapedNames_areUnescaped() {
    Mount mount = Mount.parse("1 2 0:5 / /a\\040b\\134c\\011d\\012e rw - tmpfs x\\043y rw");
    assertThat(mount.mountpoint()).isEqualTo(Path.of("/a b\\c\td\ne"));
    assertThat(mount.source()).isEqualTo("x#y");
  }

  @Test
  void parse_emptySource_isKept() {
    assertThat(Mount.parse("1 2 0:5 / /a rw - tmpfs  rw").source()).isEmpty();
  }

  @Test
  void parse_somethingElse_isRefused() {
    assertThatThrownBy(() -> Mount.parse("1 2 3")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Mount.parse("1 2 3 / /a rw - t s o"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void table_ofThisProcess_hasItsProc() throws Exception {
    assertThat(Mounts.find(Path.of("/proc")).orElseThrow().type()).isEqualTo("proc");
    assertThat(Mounts.find(Path.of("/no/such/mountpoint"))).isEmpty();
  }
}
