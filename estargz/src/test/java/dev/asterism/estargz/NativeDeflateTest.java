package dev.asterism.estargz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class NativeDeflateTest {
  /// A process that is killed leaves no file either: there is none from here on.
  @Test
  void load_leavesNoFile() throws IOException {
    assumeTrue(List.of("amd64", "aarch64", "ppc64le").contains(System.getProperty("os.arch")));

    assertThat(MemberEncoder.LIBDEFLATE.isHere()).isTrue();

    try (Stream<String> maps = Files.lines(Path.of("/proc/self/maps"))) {
      assertThat(maps.filter(line -> line.contains("/asterism-libdeflate")))
          .isNotEmpty()
          .allSatisfy(line -> {
            assertThat(line).endsWith(" (deleted)");
            String file = line.substring(line.indexOf('/')).replace(" (deleted)", "");
            assertThat(Path.of(file)).doesNotExist();
            assertThat(Path.of(file).getParent()).doesNotExist();
          });
    }
  }
}
