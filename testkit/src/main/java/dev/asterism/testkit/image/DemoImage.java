package dev.asterism.testkit.image;

import dev.asterism.estargz.EstargzOptions;
import dev.asterism.testkit.process.Command;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Random;

/// A service and the Java it runs on, some 300 MB, made of what is on this machine.
///
/// Three layers: the system's libraries, the JDK, the service with its catalogue. Another version
/// has the same libraries and JDK but for a few small files, and another catalogue: every layer has
/// another digest, while some 5 % of the bytes differ.
public final class DemoImage {
  /// Where the catalogue lies in the image.
  public static final String CATALOGUE = "/app/catalogue";

  private static final String JAVA = "/opt/java";
  private static final int PAGES = 320;
  private static final int PRODUCTS = 400; // on a page
  private static final List<Path> PROGRAMS =
      List.of(Path.of("/bin/sh"), Path.of("/bin/ls"), Path.of("/bin/cat"));

  private final Path folder;
  private final Path jdk;
  private final EstargzOptions options;

  /// @param folder where trees and blobs are made; the caller removes it
  /// @param jdk the home of a JDK 25
  public DemoImage(Path folder, Path jdk, EstargzOptions options) {
    this.folder = folder;
    this.jdk = jdk;
    this.options = options;
  }

  /// Returns the words that run the service on a port of the host's loopback interface.
  public static List<String> serve(int port) {
    return command("serve", Integer.toString(port), CATALOGUE);
  }

  /// Returns the words that read every file of the image.
  public static List<String> readAll() {
    return command("read", "/");
  }

  private static List<String> command(String... arguments) {
    List<String> words =
        new ArrayList<>(List.of(JAVA + "/bin/java", "-XX:-UsePerfData", "-cp", "/app"));
    words.add(Service.class.getName());
    words.addAll(List.of(arguments));
    return words;
  }

  /// Makes one version of the image.
  ///
  /// @param version any number; the same number gives the same layers
  /// @throws IOException if the disk is full, or a tool is missing (tar, ldd, cp)
  public BuiltImage build(int version) throws IOException, InterruptedException {
    List<BuiltLayer> layers =
        List.of(
            pack("system", version, tree -> system(tree, version)),
            pack("java", version, tree -> java(tree, version)),
            pack("app", version, tree -> app(tree, version)));
    return new BuiltImage(layers, serve(8080));
  }

  private interface Tree {
    void fill(Path tree) throws IOException, InterruptedException;
  }

  private BuiltLayer pack(String name, int version, Tree content)
      throws IOException, InterruptedException {
    Path tree = Files.createDirectories(folder.resolve("%s-%d.tree".formatted(name, version)));
    content.fill(tree);
    BuiltLayer layer = BuiltLayer.pack(tree, options, folder.resolve(name + "-" + version));
    Command.of("rm", "-rf", tree.toString()).runOrThrow();
    return layer;
  }

  private void system(Path tree, int version) throws IOException, InterruptedException {
    NavigableSet<Path> files = SharedLibraries.of(jdk);
    files.addAll(SharedLibraries.of(PROGRAMS));
    files.addAll(PROGRAMS);
    for (Path file : files) {
      Path copy = tree.resolve(Path.of("/").relativize(file));
      Files.createDirectories(parent(copy));
      Files.copy(file, copy);
    }
    for (String empty : List.of("dev", "proc", "sys", "etc", "app", "opt")) {
      Files.createDirectories(tree.resolve(empty));
    }
    Command.of("mkdir", "-m", "1777", tree.resolve("tmp").toString()).runOrThrow();
    Files.writeString(tree.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    Files.writeString(tree.resolve("etc/group"), "root:x:0:\n");
    Files.writeString(tree.resolve("etc/hosts"), "127.0.0.1 localhost\n");
    Files.writeString(tree.resolve("etc/os-release"), "NAME=demo\nVERSION_ID=" + version + "\n");
  }

  private void java(Path tree, int version) throws IOException, InterruptedException {
    Path home = tree.resolve(JAVA.substring(1));
    Files.createDirectories(parent(home));
    Command.of("cp", "-a", jdk.toString(), home.toString()).runOrThrow();
    Path certificates = home.resolve("lib/security/cacerts");
    if (Files.isSymbolicLink(certificates)) { // Debian keeps them outside
      Files.delete(certificates);
      Files.copy(jdk.resolve("lib/security/cacerts").toRealPath(), certificates);
    }
    Files.writeString(home.resolve("BUILD"), "build %d of the same JDK\n".formatted(version));
  }

  private static void app(Path tree, int version) throws IOException {
    String program = Service.class.getName().replace('.', '/');
    for (String name : List.of(program + ".class", program + "$1.class")) {
      Path file = tree.resolve("app").resolve(name);
      Files.createDirectories(parent(file));
      try (InputStream compiled = Service.class.getResourceAsStream("/" + name)) {
        if (compiled == null) {
          throw new FileNotFoundException(name + " is not on the class path");
        }
        Files.copy(compiled, file);
      }
    }
    Path catalogue = Files.createDirectories(tree.resolve(CATALOGUE.substring(1)));
    Files.writeString(catalogue.resolve("version"), version + "\n");
    Random random = new Random(version);
    for (int page = 0; page < PAGES; page++) {
      Files.writeString(catalogue.resolve("page-" + page + ".json"), page(random));
    }
  }

  /// Writes products as unlike each other as a shop's.
  private static String page(Random random) {
    StringBuilder text = new StringBuilder();
    for (int product = 0; product < PRODUCTS; product++) {
      text.append(
          "{\"id\": %d, \"name\": \"%s\", \"price\": %d, \"picture\": \"%016x%016x%016x\"}\n"
              .formatted(
                  random.nextInt(1_000_000),
                  name(random),
                  random.nextInt(100_000),
                  random.nextLong(),
                  random.nextLong(),
                  random.nextLong()));
    }
    return text.toString();
  }

  private static String name(Random random) {
    StringBuilder name = new StringBuilder();
    for (int i = 0; i < 16; i++) {
      name.append((char) ('a' + random.nextInt(26)));
    }
    return name.toString();
  }

  private static Path parent(Path file) {
    return Optional.ofNullable(file.getParent()).orElseThrow();
  }
}
