package dev.asterism.images;

import dev.asterism.estargz.LayerStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/// A program that inflates layers of gzip, for each layer a process of its own: `PROGRAM -d -c`, as
/// pigz, igzip and gzip understand it. Other layers are unpacked here.
///
/// @param program a file
public record GzipHelper(Path program) implements Inflation {
  private static final int MAGIC_SIZE = 2;

  /// Looks for a program.
  ///
  /// @param name a program's name, or its path if there is a slash in it
  /// @param path directories of programs, with colons between them, as in `PATH`
  /// @throws FileNotFoundException if there is no such program
  public static GzipHelper find(String name, String path) throws FileNotFoundException {
    if (name.contains("/")) {
      Path file = Path.of(name);
      if (isProgram(file)) {
        return new GzipHelper(file);
      }
      throw new FileNotFoundException(name + " is no program");
    }
    for (String directory : path.split(":", -1)) {
      Path file = Path.of(directory.isEmpty() ? "." : directory, name);
      if (!name.isEmpty() && isProgram(file)) {
        return new GzipHelper(file);
      }
    }
    throw new FileNotFoundException("there is no program '%s' on the PATH".formatted(name));
  }

  private static boolean isProgram(Path file) {
    return Files.isRegularFile(file) && Files.isExecutable(file);
  }

  @Override
  public InputStream plain(InputStream layer) throws IOException {
    PushbackInputStream back = new PushbackInputStream(layer, MAGIC_SIZE);
    byte[] magic = back.readNBytes(MAGIC_SIZE);
    back.unread(magic);
    boolean gzip = magic.length == MAGIC_SIZE && magic[0] == 0x1f && magic[1] == (byte) 0x8b;
    return gzip ? PipedThrough.start(program, back, "-d", "-c") : LayerStream.plain(back);
  }
}
