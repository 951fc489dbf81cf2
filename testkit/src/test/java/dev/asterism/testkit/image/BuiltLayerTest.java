package dev.asterism.testkit.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.process.Command;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuiltLayerTest {
  @TempDir private Path temporary;

  @Test
  void pack_sameTreeTwice_isTheSameBlob() throws Exception {
    Path tree = Files.createDirectory(temporary.resolve("tree"));
    Command.of("sh", "-ec", "mkdir d; echo hello > d/f; ln -s f d/l").in(tree).runOrThrow();

    BuiltLayer first = BuiltLayer.pack(tree, EstargzOptions.DEFAULT, temporary.resolve("a"));
    Command.of("touch", tree.resolve("d/f").toString()).runOrThrow();
    BuiltLayer second = BuiltLayer.pack(tree, EstargzOptions.DEFAULT, temporary.resolve("b"));

    assertThat(second.written()).isEqualTo(first.written());
    assertThat(Digest.of(Files.readAllBytes(first.blob()))).isEqualTo(first.written().digest());
    assertThat(Command.of("tar", "-tzf", first.blob().toString()).runOrThrow().text())
        .contains("./d/f", "./d/l");
  }

  @Test
  void of_aProgram_findsItsLinkerAndLibraries() throws Exception {
    assertThat(SharedLibraries.of(List.of(Path.of("/bin/sh"))))
        .anyMatch(path -> path.toString().contains("ld-linux"))
        .anyMatch(path -> path.endsWith("libc.so.6"))
        .allMatch(Files::exists);
  }
}
