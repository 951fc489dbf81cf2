package dev.asterism.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.ChunkKey;
import dev.asterism.cache.DirectoryCache;
import dev.asterism.content.Digest;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.Machine;
import dev.asterism.testkit.process.Outcome;
import dev.asterism.testkit.process.ScratchFolder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// `asterism cache` on one root, with its daemon at work and without.
@Tag("kernel")
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class CacheCommandsTest {
  private static final Digest BASE = Digest.of("base".getBytes(StandardCharsets.UTF_8));
  private static final Digest WEB = Digest.of("web".getBytes(StandardCharsets.UTF_8));
  private static final Digest JOB = Digest.of("job".getBytes(StandardCharsets.UTF_8));

  private final Cleanup cleanup = Cleanup.open();
  private Path folder;
  private Path root;
  private Digest onlyInWeb;

  @BeforeEach
  void fill() throws Exception {
    Machine.requireRootAnd();
    ScratchFolder scratch = ScratchFolder.create("asterism-cache");
    cleanup.add(scratch::close);
    folder = scratch.path();
    root = folder.resolve("root");
    startDaemon().close(); // leaves a root with metadata of this version
    try (DirectoryCache cache =
        DirectoryCache.open(root.resolve("cache"), InstantSource.system())) {
      add(cache, BASE, 1, 100_000);
      onlyInWeb = add(cache, WEB, 2, 30_000);
      add(cache, WEB, 3, 20_000);
      add(cache, JOB, 3, 20_000);
    }
    writeSnapshots();
  }

  @AfterEach
  void end() throws IOException {
    cleanup.close();
  }

  private static Digest add(DirectoryCache cache, Digest layer, int file, int size) {
    byte[] bytes = new byte[size];
    RandomGeneratorFactory.of("L64X128MixRandom").create(file).nextBytes(bytes);
    VerifiedChunk chunk = VerifiedChunk.of(bytes);
    cache.layer(layer).addFile(ChunkKey.ofFile(file), chunk);
    return chunk.digest();
  }

  private void writeSnapshots() throws Exception {
    try (Connection connection =
            DriverManager.getConnection("jdbc:sqlite:" + root.resolve("metadata.db"));
        Statement statement = connection.createStatement()) {
      statement.execute(
          """
          INSERT INTO snapshots (id, name, parent, kind, created, updated, size, inodes) VALUES
            (1, 'base', NULL, 'COMMITTED', 0, 0, 0, 0),
            (2, 'web', 1, 'COMMITTED', 0, 0, 0, 0),
            (3, 'job', 1, 'COMMITTED', 0, 0, 0, 0)
          """);
      statement.execute(
          """
          INSERT INTO layers (snapshot, image, digest, toc_digest, verification) VALUES
            (1, '127.0.0.1:1/web:1', '%1$s', '%1$s', 'REQUIRED'),
            (2, '127.0.0.1:1/web:1', '%2$s', '%2$s', 'REQUIRED'),
            (3, '127.0.0.1:1/job:1', '%3$s', '%3$s', 'REQUIRED')
          """
              .formatted(BASE, WEB, JOB));
    }
  }

  private Daemon startDaemon() throws IOException, InterruptedException {
    Path socket = folder.resolve("asterism.sock");
    Daemon daemon =
        Daemon.start(
            Asterism.command(
                    "daemon", "--no-exercise", "--unmount-on-exit", "--address", socket.toString())
                .with("--root", root.toString()),
            folder.resolve("admin.sock"),
            folder.resolve("daemon.log"));
    cleanup.add(daemon::close);
    return daemon;
  }

  private Outcome cache(String... words) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("cache"));
    all.addAll(List.of(words));
    all.addAll(List.of("--root", root.toString()));
    if (!List.of("ls", "export", "map").contains(words[0])) {
      all.addAll(List.of("--admin-address", folder.resolve("admin.sock").toString()));
    }
    return Asterism.command(all.toArray(String[]::new)).run();
  }

  private Path object(Digest digest) {
    return root.resolve("cache/objects")
        .resolve(digest.hex().substring(0, 2))
        .resolve(digest.hex());
  }

  private void damage(Digest digest) throws IOException {
    Files.setPosixFilePermissions(object(digest), PosixFilePermissions.fromString("rw-r--r--"));
    Files.write(object(digest), new byte[30_000]);
    Files.setPosixFilePermissions(object(digest), PosixFilePermissions.fromString("r--r--r--"));
  }

  @Test
  void commands_withADaemonAndWithout_sayTheSame() throws Exception {
    Daemon daemon = startDaemon();
    String listed = cache("ls", "--json").orThrow().text();
    String exported = cache("export", "--json").orThrow().text();
    String verified = cache("verify", "--json").orThrow().text();
    cache("pin", "127.0.0.1:1/web:1").orThrow();
    String cleaned = cache("clean", "--dry-run", "--json").orThrow().text();
    String pins = cache("pin", "--json").orThrow().text();
    assertThat(cache("stats").orThrow().text()).contains("budget", "pins       1 images");

    daemon.close();

    assertThat(cache("ls", "--json").orThrow().text()).isEqualTo(listed).contains("web:1");
    assertThat(withoutOwnFiles(cache("export", "--json").orThrow().text()))
        .isEqualTo(withoutOwnFiles(exported));
    assertThat(cache("verify", "--json").orThrow().text()).isEqualTo(verified);
    assertThat(cache("clean", "--dry-run", "--json").orThrow().text()).isEqualTo(cleaned);
    assertThat(cache("pin", "--json").orThrow().text()).isEqualTo(pins).contains("web:1");
    assertThat(cache("stats").orThrow().text()).contains("no daemon answers");
  }

  /// The store's own files are written meanwhile: when each digest was verified, among others.
  private static String withoutOwnFiles(String export) {
    assertThat(export).containsPattern("\"store\" : [0-9]+");
    return export.replaceAll("\"store\" : [0-9]+", "");
  }

  @Test
  void verify_damagedObject_failsUntilItIsRepaired() throws Exception {
    startDaemon();
    damage(onlyInWeb);

    Outcome found = cache("verify");
    assertThat(found.exitCode()).isEqualTo(1);
    assertThat(found.text()).contains(onlyInWeb.hex(), "1 wrong, 0 repaired");
    assertThat(cache("verify", "--repair").orThrow().text())
        .contains("2 wrong, 2 repaired"); // with the layer's link to it
    assertThat(object(onlyInWeb)).doesNotExist();
    assertThat(cache("verify").orThrow().text()).contains("all is right");
  }

  @Test
  void tending_withADaemonThatIsNotNamed_isRefusedByTheLock() throws Exception {
    startDaemon();

    Outcome outcome =
        Asterism.command("cache", "verify", "--root", root.toString(), "--admin-address", "/none")
            .run();

    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.errorText()).contains("another daemon uses this cache");
  }

  @Test
  void pin_imageThatIsNotThere_saysWhereNamesAre() throws Exception {
    startDaemon();

    Outcome outcome = cache("pin", "127.0.0.1:1/none:1");

    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.errorText()).contains("no image 127.0.0.1:1/none:1", "cache ls");
  }
}
