package dev.asterism.estargz;

import io.airlift.compress.v3.deflate.DeflateNativeCompressor;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/// Loads libdeflate. The jar that it comes in unpacks it into a file that goes at the JVM's orderly
/// end; here it goes as soon as it is loaded, so that who is killed leaves none behind.
final class NativeDeflate {
  private static final String FOLDER_PROPERTY = "aircompressor.tmpdir";

  /// Whether there is one for this machine, and it could be loaded.
  static final boolean HERE = load();

  private NativeDeflate() {}

  private static boolean load() {
    Path folder;
    try {
      folder = Files.createTempDirectory("asterism-libdeflate");
    } catch (IOException _) {
      return false; // nor would the jar find a place for it
    }
    try {
      System.setProperty(FOLDER_PROPERTY, folder.toString());
      return DeflateNativeCompressor.isEnabled();
    } finally {
      System.clearProperty(FOLDER_PROPERTY);
      remove(folder.toFile());
    }
  }

  private static void remove(File folder) {
    try {
      for (File unpacked : Objects.requireNonNullElse(folder.listFiles(), new File[0])) {
        Files.delete(unpacked.toPath());
      }
      Files.delete(folder.toPath());
    } catch (IOException _) {
      // The jar has its file deleted at the JVM's end; the folder, empty then, may stay.
    }
  }
}
