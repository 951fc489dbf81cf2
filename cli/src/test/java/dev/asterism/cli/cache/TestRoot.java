package dev.asterism.cli.cache;

import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.List;
import java.util.random.RandomGeneratorFactory;

/// A daemon's root made by hand: a real store, and metadata that names images. Confined to one
/// thread.
final class TestRoot implements AutoCloseable {
  static final Digest BASE = digest("base");
  static final Digest WEB = digest("web");
  static final Digest JOB = digest("job");
  static final Digest STRAY = digest("stray");

  final Path root;
  final DirectoryCache cache;

  /// Two images over one base layer, which share a file above it too; and a layer of no image.
  TestRoot(Path root) throws IOException, SQLException {
    this.root = root;
    cache = DirectoryCache.open(root.resolve("cache"), InstantSource.system());
    add(BASE, 1, 100_000);
    add(BASE, 2, 50_000);
    add(WEB, 3, 30_000);
    add(WEB, 4, 20_000);
    add(JOB, 4, 20_000);
    add(JOB, 5, 10_000);
    add(STRAY, 1, 100_000);
    add(STRAY, 6, 5_000);
    for (Digest layer : List.of(BASE, WEB, JOB)) {
      Path compiled = Files.createDirectories(root.resolve("layers").resolve(layer.hex()));
      Files.write(compiled.resolve("layer.erofs"), new byte[9_000]);
    }
    writeMetadata();
  }

  static Digest digest(String name) {
    return Digest.of(name.getBytes(StandardCharsets.UTF_8));
  }

  private void add(Digest layer, int file, int size) {
    byte[] bytes = new byte[size];
    RandomGeneratorFactory.of("L64X128MixRandom").create(file).nextBytes(bytes);
    cache.layer(layer).addFile(ChunkKey.ofFile(file), VerifiedChunk.of(bytes));
  }

  private void writeMetadata() throws SQLException {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + root.resolve("metadata.db"));
        Statement statement = connection.createStatement()) {
      statement.execute("CREATE TABLE snapshots (id INTEGER PRIMARY KEY, parent INTEGER)");
      statement.execute(
          "CREATE TABLE layers (snapshot INTEGER PRIMARY KEY, image TEXT, digest TEXT)");
      statement.execute("CREATE TABLE labels (snapshot INTEGER, name TEXT, value TEXT)");
      statement.execute("INSERT INTO snapshots VALUES (1, NULL), (2, 1), (3, 1)");
      statement.execute(
          "INSERT INTO layers VALUES (1, 'r/web:1', '%s'), (2, 'r/web:1', '%s'), (3, 'r/job:1', '%s')"
              .formatted(BASE, WEB, JOB));
    }
  }

  @Override
  public void close() throws IOException {
    cache.close();
  }
}
