package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class NeighbourhoodsTest {
  private final Neighbourhoods neighbourhoods = new Neighbourhoods();

  private int directory(String path) {
    return neighbourhoods.of(path).directory();
  }

  private int kin(String path) {
    return neighbourhoods.of(path).kin();
  }

  @Test
  void of_filesOfOneDirectory_isTheSame() {
    assertThat(neighbourhoods.of("usr/bin/a")).isEqualTo(neighbourhoods.of("usr/bin/b"));
    assertThat(directory("usr/bin/a")).isNotEqualTo(directory("usr/lib/a"));
    assertThat(directory("top")).isNotEqualTo(directory("usr/top"));
  }

  @Test
  void of_directoriesOfOneNameWithOneGrandparent_areKin() {
    assertThat(kin("usr/lib/numpy/core/cache/a")).isEqualTo(kin("usr/lib/numpy/fft/cache/b"));
    assertThat(kin("usr/lib/numpy/core/cache/a")).isNotEqualTo(kin("usr/lib/numpy/core/tests/a"));
    assertThat(kin("usr/lib/numpy/core/cache/a")).isNotEqualTo(kin("usr/lib/other/core/cache/a"));
  }

  @Test
  void of_directoriesNearTheRoot_areNoKin() {
    assertThat(kin("usr/bin/a")).isNotEqualTo(kin("opt/bin/a"));
    assertThat(kin("a")).isNotEqualTo(kin("usr/a"));
  }

  @Test
  void of_filesOfAnotherSuffix_isAnother() {
    assertThat(neighbourhoods.of("lib/cache/a.cpython-311.pyc"))
        .isEqualTo(neighbourhoods.of("lib/cache/b.pyc"));
    assertThat(directory("lib/a.py")).isNotEqualTo(directory("lib/a.so"));
    assertThat(kin("lib/one/cache/a.py")).isNotEqualTo(kin("lib/two/cache/b.pyc"));
    assertThat(kin("lib/one/cache/a.py")).isEqualTo(kin("lib/two/cache/b.py"));
  }

  @Test
  void of_versions_areNoSuffixes() {
    assertThat(directory("lib/libc.so.6")).isEqualTo(directory("lib/liba.so"));
    assertThat(directory("bin/python3.11")).isEqualTo(directory("bin/python3"));
    assertThat(directory("bin/.hidden-configuration")).isEqualTo(directory("bin/plain"));
  }
}
