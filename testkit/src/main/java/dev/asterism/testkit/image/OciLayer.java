package dev.asterism.testkit.image;

import dev.asterism.estargz.EstargzLayer;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.EstargzWriter;
import dev.asterism.testkit.process.Command;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// A layer in a file. Immutable.
///
/// @param blob the file with its bytes
/// @param written digests, sizes and annotations
public record OciLayer(Path blob, EstargzLayer written) {
  private static final String TIME =
      "@1700000000"; // of every entry, so the same tree gives the same tar

  /// Packs a tree, every file owned by root, as an eStargz layer.
  ///
  /// @param tree its entries become the layer's
  /// @param blob the file to write
  /// @throws IOException if the tree cannot be read or the file not be written
  public static OciLayer pack(Path tree, EstargzOptions options, Path blob)
      throws IOException, InterruptedException {
    Process tar =
        Command.of("tar", "--create", "--sort=name", "--format=gnu", "--mtime", TIME)
            .with("--owner=0", "--group=0", "--numeric-owner", "--directory", tree.toString(), ".")
            .builder()
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try (InputStream in = new BufferedInputStream(tar.getInputStream(), 1 << 20);
        OutputStream out = new BufferedOutputStream(Files.newOutputStream(blob), 1 << 20)) {
      EstargzLayer written = EstargzWriter.convert(in, options, out);
      in.transferTo(OutputStream.nullOutputStream()); // the padding of the tar's last record
      if (tar.waitFor() != 0) {
        throw new IOException("tar of %s ended with exit code %d".formatted(tree, tar.exitValue()));
      }
      return new OciLayer(blob, written);
    } finally {
      tar.destroyForcibly();
    }
  }
}
