package dev.asterism.cli.e2e;

import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The program once more, as another version: its classes in a jar whose manifest says so. At
/// [#close] it is gone.
final class OtherBuild implements AutoCloseable {
  static final String VERSION = "0.0.0-other";

  private final ScratchFolder folder;
  private final Path classes;
  private final Path jar;

  private OtherBuild(ScratchFolder folder) throws IOException, URISyntaxException {
    this.folder = folder;
    this.classes =
        Path.of(
            dev.asterism.cli.Asterism.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
    this.jar = folder.path().resolve("cli.jar");
    write();
  }

  static OtherBuild create() throws IOException, URISyntaxException {
    ScratchFolder folder = ScratchFolder.create("asterism-build");
    try {
      return new OtherBuild(folder);
    } catch (IOException | URISyntaxException e) {
      folder.close();
      throw e;
    }
  }

  private void write() throws IOException {
    Manifest manifest = new Manifest();
    manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
    manifest.getMainAttributes().put(Attributes.Name.IMPLEMENTATION_VERSION, VERSION);
    List<Path> files;
    try (Stream<Path> all = Files.walk(classes)) {
      files = all.filter(Files::isRegularFile).toList();
    }
    try (OutputStream out = Files.newOutputStream(jar);
        JarOutputStream entries = new JarOutputStream(out, manifest)) {
      for (Path file : files) {
        String name = classes.relativize(file).toString();
        if (!name.equals("META-INF/MANIFEST.MF")) {
          entries.putNextEntry(new JarEntry(name));
          Files.copy(file, entries);
          entries.closeEntry();
        }
      }
    }
  }

  /// Returns the same command, of this build.
  Command instead(Command command) {
    String path =
        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .map(entry -> Path.of(entry).equals(classes) ? jar.toString() : entry)
            .collect(Collectors.joining(File.pathSeparator));
    return command.withVariable("CLASSPATH", path);
  }

  @Override
  public void close() throws IOException {
    folder.close();
  }
}
