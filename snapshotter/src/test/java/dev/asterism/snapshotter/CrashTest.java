package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.Digest;
import dev.asterism.layers.LayerRequest;
import dev.asterism.layers.LayerRequest.Verification;
import dev.asterism.snapshotter.Snapshot.Content;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a process that died leaves, and what the next one makes of it.
final class CrashTest {
  @TempDir private Path root;

  private Snapshots open() throws IOException {
    return Snapshots.open(
        root, new FakeLayerMounter(root), VerificationPolicy.REQUIRED, InstantSource.system());
  }

  private Snapshots started() throws IOException {
    Snapshots snapshots = open();
    snapshots.start();
    return snapshots;
  }

  private Set<String> directories() throws IOException {
    Set<String> names = new HashSet<>();
    try (var entries = Files.list(root.resolve("snapshots"))) {
      entries.forEach(path -> names.add(path.getFileName().toString()));
    }
    return names;
  }

  @Test
  void start_withDirectoriesNobodyKnows_deletesThem() throws Exception {
    try (Snapshots snapshots = started()) {
      snapshots.prepare("a", "", Map.of());
    }
    Path strangers = root.resolve("snapshots");
    Files.createDirectories(strangers.resolve("new-123/fs/deep"));
    Files.createDirectories(strangers.resolve("2/fs"));
    Files.createDirectories(strangers.resolve("not-a-number"));
    Files.writeString(strangers.resolve("2/fs/file"), "x");
    try (Snapshots _ = started()) {
      assertThat(directories()).containsExactly("1");
    }
  }

  @Test
  void prepare_ofIdWhoseDirectoryIsThere_takesItsPlace() throws Exception {
    try (Snapshots snapshots = started()) {
      Files.createDirectories(root.resolve("snapshots/1/fs"));
      Files.writeString(root.resolve("snapshots/1/fs/stale"), "x");
      snapshots.prepare("a", "", Map.of());
      assertThat(root.resolve("snapshots/1/fs")).isEmptyDirectory();
      snapshots.cleanup();
      assertThat(directories()).containsExactly("1");
    }
  }

  @Test
  void insert_whenTheDirectoryCannotBeMade_leavesNoRow() throws Exception {
    try (Snapshots snapshots = started()) {
      Files.delete(root.resolve("snapshots"));
      assertThatThrownBy(() -> snapshots.prepare("a", "", Map.of()))
          .isInstanceOf(IOException.class);
      assertThat(snapshots.list(List.of())).isEmpty();
    }
  }

  @Test
  void remove_whenTheDirectoryIsGone_succeeds() throws Exception {
    try (Snapshots snapshots = started()) {
      snapshots.prepare("a", "", Map.of());
      DirectoryTree.delete(root.resolve("snapshots/1"));
      snapshots.remove("a");
      assertThat(snapshots.list(List.of())).isEmpty();
    }
  }

  @Test
  void ids_ofRemovedSnapshots_areNeverUsedAgain() throws Exception {
    try (Snapshots snapshots = started()) {
      snapshots.prepare("a", "", Map.of());
      snapshots.remove("a");
    }
    try (Snapshots snapshots = started()) {
      snapshots.prepare("a", "", Map.of());
      assertThat(directories()).containsExactly("2");
    }
  }

  @Test
  void start_withLayerThatWasBeingPrepared_letsGoOfIt() throws Exception {
    Digest layer = Digest.of(new byte[] {1});
    LayerRequest request =
        new LayerRequest("image", layer, Optional.empty(), Verification.REQUIRED);
    started().close();
    try (MetadataStore store = MetadataStore.open(root.resolve("metadata.db"))) {
      store.transact(transaction ->
          transaction.insert(
              "k",
              "",
              SnapshotKind.ACTIVE,
              Map.of(),
              new Content.Remote(request),
              new Usage(0, 0),
              InstantSource.system().instant()));
    }
    FakeLayerMounter layers = new FakeLayerMounter(root);
    layers.onDisk.add(layer);
    try (Snapshots snapshots =
        Snapshots.open(root, layers, VerificationPolicy.REQUIRED, InstantSource.system())) {
      snapshots.start();
      assertThat(snapshots.stat("k").content()).isEqualTo(new Content.Ordinary());
      assertThat(layers.open).isEmpty();
    }
  }

  @Test
  void open_ofNewerSchema_refuses() throws Exception {
    started().close();
    try (var connection =
            DriverManager.getConnection("jdbc:sqlite:" + root.resolve("metadata.db"));
        var statement = connection.createStatement()) {
      statement.execute("PRAGMA user_version = 99");
    }
    assertThatThrownBy(this::open).isInstanceOf(IOException.class).hasMessageContaining("99");
  }

  @Test
  void open_ofSomethingElse_refuses() throws Exception {
    Files.writeString(
        root.resolve("metadata.db"), "this is no database, it only says so".repeat(9));
    assertThatThrownBy(this::open).isInstanceOf(IOException.class);
  }

  @Test
  void open_inRootThatOverlayOptionsCannotName_refuses() throws Exception {
    Path bad = Files.createDirectory(root.resolve("a,b"));
    assertThatThrownBy(() ->
            Snapshots.open(
                bad,
                new FakeLayerMounter(bad),
                VerificationPolicy.REQUIRED,
                InstantSource.system()))
        .hasMessageContaining("a,b");
  }

  @Test
  void transact_thatThrows_leavesNoTrace() throws Exception {
    try (MetadataStore store = MetadataStore.open(root.resolve("metadata.db"))) {
      assertThatThrownBy(() ->
              store.transact(transaction -> {
                transaction.insert(
                    "a",
                    "",
                    SnapshotKind.ACTIVE,
                    Map.of("l", "1"),
                    new Content.Ordinary(),
                    new Usage(0, 0),
                    InstantSource.system().instant());
                throw new AssertionError("a bug");
              }))
          .isInstanceOf(AssertionError.class);
      assertThat(store.read(Transaction::all)).isEmpty();
    }
  }

  @Test
  void killedWhileWorking_losesNothingThatWasAnswered() throws Exception {
    int lines = 7;
    for (int round = 0; round < 4; round++) {
      Set<String> answered = killAfter(lines);
      lines += 23;
      try (Snapshots snapshots = started()) {
        Set<String> ids = new HashSet<>();
        Set<String> names = new HashSet<>();
        for (Snapshot snapshot : snapshots.list(List.of())) {
          ids.add(Long.toString(snapshot.id()));
          names.add(snapshot.name());
          assertThat(root.resolve("snapshots/%d/fs".formatted(snapshot.id()))).isDirectory();
        }
        assertThat(directories()).isEqualTo(ids);
        assertThat(names).containsAll(answered);
        for (String name : names) {
          snapshots.remove(name);
        }
        assertThat(directories()).isEmpty();
      }
    }
  }

  /// Several are committed together, remote ones and ordinary ones, and each is told on its own.
  @Test
  void killedWhileSeveralWork_losesNothingThatWasAnswered() throws Exception {
    for (int lines : List.of(11, 60, 190)) {
      Set<String> answered = killAfter(lines, Crowd.class);
      FakeLayerMounter layers = new FakeLayerMounter(root);
      try (Snapshots snapshots =
          Snapshots.open(root, layers, VerificationPolicy.REQUIRED, InstantSource.system())) {
        snapshots.start();
        Set<String> names = new HashSet<>();
        Set<String> ids = new HashSet<>();
        for (Snapshot snapshot : snapshots.list(List.of())) {
          names.add(snapshot.name());
          switch (snapshot.content()) {
            case Content.Ordinary() -> {
              ids.add(Long.toString(snapshot.id()));
              assertThat(root.resolve("snapshots/%d/fs".formatted(snapshot.id()))).isDirectory();
            }
            case Content.Remote(var layer) ->
                assertThat(snapshot.kind()).as("%s", layer).isEqualTo(SnapshotKind.COMMITTED);
          }
        }
        assertThat(names).containsAll(answered);
        assertThat(directories()).isEqualTo(ids);
        for (String name : names) {
          snapshots.remove(name);
        }
        assertThat(directories()).isEmpty();
      }
    }
  }

  /// Runs a process that works on our root, kills it when it has answered so often, and returns
  /// what it said is there.
  private Set<String> killAfter(int lines) throws Exception {
    return killAfter(lines, Worker.class);
  }

  private Set<String> killAfter(int lines, Class<?> program) throws Exception {
    Process worker =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty(
                    "surefire.test.class.path", System.getProperty("java.class.path")),
                program.getName(),
                root.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Set<String> answered = new HashSet<>();
    try (BufferedReader out = worker.inputReader(StandardCharsets.UTF_8)) {
      for (int i = 0; i < lines; i++) {
        String line = out.readLine();
        assertThat(line).isNotNull();
        if (line.startsWith("+")) {
          answered.add(line.substring(1));
        } else {
          answered.remove(line.substring(1));
        }
      }
    } finally {
      worker.destroyForcibly().waitFor();
    }
    // The last line may have been followed by the beginning of a removal.
    answered.removeIf(name -> name.startsWith("short-"));
    return answered;
  }

  /// The process that gets killed: prepares, commits and removes, and says so.
  static final class Worker {
    private Worker() {}

    public static void main(String[] arguments) throws IOException {
      Path root = Path.of(arguments[0]);
      Snapshots snapshots =
          Snapshots.open(
              root,
              new FakeLayerMounter(root),
              VerificationPolicy.REQUIRED,
              InstantSource.system());
      snapshots.start();
      for (int i = 0; i < 100_000; i++) {
        snapshots.prepare("key-" + i, "", Map.of("l", "1"));
        snapshots.commit("name-" + i, "key-" + i, "", Map.of("l", "2"));
        System.out.println("+name-" + i);
        snapshots.view("short-" + i, "name-" + i, Map.of());
        System.out.println("+short-" + i);
        snapshots.remove("short-" + i);
        System.out.println("-short-" + i);
      }
    }
  }

  /// The same with several at once, half of them for remote snapshots.
  static final class Crowd {
    private Crowd() {}

    public static void main(String[] arguments) throws Exception {
      Path root = Path.of(arguments[0]);
      FakeLayerMounter layers = new FakeLayerMounter(root);
      Digest layer = Digest.of(new byte[] {1});
      layers.reachable.add(layer);
      Snapshots snapshots =
          Snapshots.open(root, layers, VerificationPolicy.REQUIRED, InstantSource.system());
      snapshots.start();
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < 8; i++) {
          int number = i;
          threads.execute(() -> work(snapshots, layer, number));
        }
      }
    }

    private static void work(Snapshots snapshots, Digest layer, int number) {
      for (int i = 0; i < 100_000; i++) {
        String name = "%d-%d".formatted(number, i);
        Map<String, String> labels =
            number % 2 == 0
                ? Map.of()
                : Map.of(
                    RemoteLabels.TARGET,
                    name,
                    RemoteLabels.CRI_IMAGE,
                    "registry.example/app:1",
                    RemoteLabels.CRI_LAYER,
                    layer.toString());
        try {
          snapshots.prepare(number % 2 == 0 ? name : "extract-" + name, "", labels);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        System.out.println("+" + name);
      }
    }
  }
}
