package dev.asterism.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// The pull secrets of a Kubernetes cluster, of all namespaces, as its API server tells them: a
/// list once, and every change after it.
///
/// What was told counts until the server tells something else, also while it cannot be reached. In
/// memory only. Where several secrets have a login for a registry, the one for the longest part of
/// the repository's name counts; of equal ones the first by namespace and name, and the next one
/// each time that the registry refuses.
///
/// Thread-safe.
public final class PullSecrets implements Credentials, AutoCloseable {
  private static final Logger LOGGER = System.getLogger(PullSecrets.class.getName());
  private static final int MAX_SECRETS = 4096;
  private static final int MAX_PAGES = 256; // of a list, with secrets that have no login too
  private static final int MAX_REFUSALS = 1024; // registries that are counted

  /// How long somebody who asks waits for the first list.
  private static final Duration FIRST = Duration.ofSeconds(3);

  private final Path file;
  private final Pauses pauses;
  private final CountDownLatch told = new CountDownLatch(1); // a list was read, or could not be
  private final Thread thread;
  private volatile boolean listed;

  @GuardedBy("this")
  private NavigableMap<String, PullSecret> secrets = new TreeMap<>();

  @GuardedBy("this")
  private final Map<String, Integer> refusals = new HashMap<>();

  @GuardedBy("this")
  private @Nullable SecretsApi api;

  @GuardedBy("this")
  private boolean closed;

  /// How long nothing is done.
  ///
  /// @param file between two looks for a kubeconfig that is not there
  /// @param retry before the first attempt after one that failed; twice as long each time
  /// @param longest before any attempt
  record Pauses(Duration file, Duration retry, Duration longest) {
    static final Pauses DEFAULT =
        new Pauses(Duration.ofSeconds(10), Duration.ofSeconds(1), Duration.ofSeconds(30));
  }

  private PullSecrets(Path file, Pauses pauses) {
    this.file = file;
    this.pauses = pauses;
    this.thread = Thread.ofVirtual().name("pull-secrets").unstarted(this::follow);
  }

  /// Begins to follow the cluster that a kubeconfig's current context names. The file need not be
  /// there yet, nor the server.
  public static PullSecrets follow(Path file) {
    return follow(file, Pauses.DEFAULT);
  }

  static PullSecrets follow(Path file, Pauses pauses) {
    PullSecrets followed = new PullSecrets(file, pauses);
    followed.thread.start();
    return followed;
  }

  /// Returns the kubeconfig that Kubernetes' own programs take: the first file of `KUBECONFIG` that
  /// is there, else `~/.kube/config`.
  ///
  /// @param environment of the process
  /// @param home the user's
  public static Path standardFile(Map<String, String> environment, Path home) {
    for (String named : environment.getOrDefault("KUBECONFIG", "").split(":", -1)) {
      if (!named.isEmpty() && Files.exists(Path.of(named))) {
        return Path.of(named);
      }
    }
    return home.resolve(".kube").resolve("config");
  }

  @Override
  public Optional<Credential> find(String host) {
    return find(host, "");
  }

  /// Waits up to three seconds for the first list.
  @Override
  public Optional<Credential> find(String host, String repository) {
    try {
      told.await(FIRST.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    return now(host, repository);
  }

  /// Until the first list was read.
  @Override
  public boolean mayKnowLater() {
    return !listed;
  }

  private synchronized Optional<Credential> now(String host, String repository) {
    List<Credential> best = new ArrayList<>();
    int longest = 0;
    for (PullSecret secret : secrets.values()) {
      Optional<PullSecret.Match> match = secret.find(host, repository);
      if (match.isEmpty() || match.get().length() < longest) {
        continue;
      }
      if (match.get().length() > longest) {
        longest = match.get().length();
        best.clear();
      }
      best.add(match.get().credential());
    }
    return best.isEmpty()
        ? Optional.empty()
        : Optional.of(best.get(Math.floorMod(refusals.getOrDefault(host, 0), best.size())));
  }

  @Override
  public synchronized void refused(String host) {
    if (refusals.containsKey(host) || refusals.size() < MAX_REFUSALS) {
      refusals.merge(host, 1, Integer::sum);
    }
  }

  // --- the thread

  private void follow() {
    Duration pause = pauses.retry();
    String logged = "";
    while (isOpen()) {
      try (SecretsApi opened = open()) {
        while (isOpen()) {
          String version = list(opened);
          pause = pauses.retry();
          logged = "";
          watch(opened, version);
        }
      } catch (NoSuchFileException e) {
        told.countDown();
        logged = log(logged, "there is no " + e.getMessage());
        sleep(pauses.file());
      } catch (IOException e) {
        told.countDown();
        logged = log(logged, String.valueOf(e.getMessage()));
        sleep(pause);
        pause = shorter(pause.multipliedBy(2), pauses.longest());
      }
    }
  }

  /// Once for each reason, until a list was read.
  private String log(String before, String cause) {
    if (!cause.equals(before) && isOpen()) {
      LOGGER.log(
          Level.WARNING,
          "pull secrets of Kubernetes are not followed, and those known count on kubeconfig={0} cause=\"{1}\"",
          file,
          cause);
    }
    return cause;
  }

  private SecretsApi open() throws IOException {
    SecretsApi opened = new SecretsApi(Kubeconfig.read(file));
    synchronized (this) {
      api = opened;
      if (closed) {
        opened.close();
      }
    }
    return opened;
  }

  /// Reads all of them and returns where a watch goes on.
  private String list(SecretsApi from) throws IOException {
    NavigableMap<String, PullSecret> found = new TreeMap<>();
    SecretsApi.Page page = from.list("");
    add(found, page);
    int pages = 1;
    while (!page.next().isEmpty() && found.size() < MAX_SECRETS && pages < MAX_PAGES) {
      page = from.list(page.next());
      add(found, page);
      pages++;
    }
    if (!page.next().isEmpty() || found.size() >= MAX_SECRETS) {
      LOGGER.log(
          Level.WARNING,
          "too many pull secrets: the rest is left out secrets={0} pages={1}",
          String.valueOf(found.size()),
          String.valueOf(pages));
    }
    synchronized (this) {
      secrets = found;
    }
    listed = true;
    told.countDown();
    LOGGER.log(Level.INFO, "pull secrets of Kubernetes are followed secrets={0}", found.size());
    return page.version();
  }

  private static void add(Map<String, PullSecret> found, SecretsApi.Page page) {
    for (PullSecret secret : page.secrets()) {
      if (!secret.logins().isEmpty() && found.size() < MAX_SECRETS) {
        found.put(secret.name(), secret);
      }
    }
  }

  /// Follows until the list has to be read anew. A watch that ends, as each does after some
  /// minutes, is taken up where it was.
  private void watch(SecretsApi from, String start) throws IOException {
    String[] version = {start};
    try {
      while (isOpen()) {
        String before = version[0];
        long begun = System.nanoTime();
        from.watch(
            before,
            event -> {
              if (event instanceof SecretsApi.Event.At(String at)) {
                version[0] = at;
              } else {
                apply(event);
              }
            });
        if (System.nanoTime() - begun < pauses.retry().toNanos()) {
          sleep(pauses.retry()); // a server that hangs up at once is not asked without end
        }
      }
    } catch (SecretsApi.GoneException _) {
      LOGGER.log(Level.DEBUG, "pull secrets are listed anew");
    }
  }

  private synchronized void apply(SecretsApi.Event event) {
    switch (event) {
      case SecretsApi.Event.Changed(PullSecret secret) -> {
        if (secret.logins().isEmpty()) {
          secrets.remove(secret.name());
        } else if (secrets.size() < MAX_SECRETS || secrets.containsKey(secret.name())) {
          secrets.put(secret.name(), secret);
        }
      }
      case SecretsApi.Event.Deleted(String name) -> secrets.remove(name);
      case SecretsApi.Event.At _ -> {}
    }
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private synchronized boolean isOpen() {
    return !closed;
  }

  private synchronized void sleep(Duration duration) {
    long end = System.nanoTime() + duration.toNanos();
    try {
      for (long left = duration.toNanos(); left > 0 && !closed; left = end - System.nanoTime()) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    } catch (InterruptedException _) {
      closed = true; // nobody interrupts this thread but a process that ends
    }
  }

  /// Ends the call that is under way, and waits for the thread.
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
      if (api != null) {
        api.close();
      }
    }
    told.countDown();
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
