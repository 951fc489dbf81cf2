package dev.asterism.testkit.image;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// The program in the demo's image: a small web service that loads part of its catalogue when it
/// starts. It lives alone in its layer and uses nothing but the JDK.
public final class Service {
  private static final int LOADED = 40; // pages of the catalogue that are read at start

  /// The format's own files in an image's root, which are there only where layers are unpacked.
  private static final Set<String> BOOKKEEPING =
      Set.of("stargz.index.json", ".prefetch.landmark", ".no.prefetch.landmark");

  private Service() {}

  /// `serve PORT CATALOGUE`: answers on loopback until it is killed. `read ROOT`: reads every file
  /// below, prints how many, their bytes, and a hash over all of their content.
  public static void main(String[] arguments) throws IOException, NoSuchAlgorithmException {
    switch (arguments[0]) {
      case "serve" -> serve(Integer.parseInt(arguments[1]), Path.of(arguments[2]));
      case "read" -> read(Path.of(arguments[1]));
      default -> throw new IllegalArgumentException("serve or read, not " + arguments[0]);
    }
  }

  private static void serve(int port, Path catalogue) throws IOException {
    String version = Files.readString(catalogue.resolve("version")).strip();
    long products = 0;
    for (int page = 0; page < LOADED; page++) {
      products += Files.readAllLines(catalogue.resolve("page-" + page + ".json")).size();
    }
    byte[] answer =
        "{\"version\": %s, \"products\": %d}\n"
            .formatted(version, products)
            .getBytes(StandardCharsets.UTF_8);
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 16);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, answer.length);
          try (OutputStream body = exchange.getResponseBody()) {
            body.write(answer);
          }
        });
    server.start();
  }

  private static void read(Path root) throws IOException, NoSuchAlgorithmException {
    SortedMap<String, Path> files = new TreeMap<>();
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            boolean foreign =
                folder.equals(root.resolve("proc"))
                    || folder.equals(root.resolve("sys"))
                    || folder.equals(root.resolve("dev"));
            return foreign ? FileVisitResult.SKIP_SUBTREE : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            boolean bookkeeping =
                root.equals(file.getParent())
                    && BOOKKEEPING.contains(file.getFileName().toString());
            if (!bookkeeping && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
              files.put(file.toString(), file);
            }
            return FileVisitResult.CONTINUE;
          }
        });
    MessageDigest hasher = MessageDigest.getInstance("SHA-256");
    byte[] buffer = new byte[1 << 20];
    long bytes = 0;
    for (Path file : files.values()) {
      try (InputStream in = Files.newInputStream(file)) {
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
          hasher.update(buffer, 0, n);
          bytes += n;
        }
      }
    }
    System.out.printf(
        "%d files %d bytes %s%n", files.size(), bytes, HexFormat.of().formatHex(hasher.digest()));
  }
}
