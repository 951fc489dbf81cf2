package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.fuse.OtherFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A root that another version has laid out.
final class RootFormatTest {
  @TempDir private Path root;

  private List<String> names() throws IOException {
    try (Stream<Path> entries = Files.list(root)) {
      return entries.map(entry -> entry.getFileName().toString()).toList();
    }
  }

  @Test
  void check_newRoot_saysWhichFormatItHasFromNowOn() throws IOException {
    RootFormat.check(root);

    assertThat(root.resolve("format")).hasContent("asterism root 1");
    assertThat(names()).containsExactly("format");
    RootFormat.check(root);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 2, 999_999_999})
  void open_rootOfAnotherFormat_isRefusedWithTheWayBackAndChangesNothing(int format)
      throws IOException {
    Path marker = Files.writeString(root.resolve("format"), "asterism root %d\n".formatted(format));

    assertThatThrownBy(() ->
            LayerService.open(
                root,
                (_, _) -> {
                  throw new AssertionError("nothing is asked for");
                },
                LayerSettings.onDemand(FetchPolicy.DEFAULT),
                InstantSource.system()))
        .isInstanceOf(OtherFormatException.class)
        .hasMessageContaining("the root %s is of format %d".formatted(root, format))
        .hasMessageContaining("knows format 1: start the version that made it");

    assertThat(names()).containsExactly("format");
    assertThat(marker).hasContent("asterism root " + format);
    Files.writeString(marker, "asterism root 1\n"); // as the version that made it has it
    RootFormat.check(root);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "asterism root", "asterism root -1", "asterism root 1234567890", "x"})
  void check_markerThatSaysNothing_namesWhatToWrite(String text) throws IOException {
    Path marker = Files.writeString(root.resolve("format"), text);

    assertThatThrownBy(() -> RootFormat.check(root))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(marker.toString())
        .hasMessageContaining("write 'asterism root 1' into it");
    assertThat(marker).hasContent(text);
  }
}
