package dev.asterism.cli.config;

import dev.asterism.cache.Budget;
import dev.asterism.cache.DirectoryCacheConfig;
import dev.asterism.cache.Limit;
import dev.asterism.cache.Upkeep;
import dev.asterism.cli.config.Configuration.BlobConfig;
import dev.asterism.cli.config.Configuration.Cri;
import dev.asterism.cli.config.Configuration.Endpoints;
import dev.asterism.cli.config.Configuration.Kubernetes;
import dev.asterism.cli.config.Configuration.Logins;
import dev.asterism.cli.config.Configuration.RegistryHosts;
import dev.asterism.cli.config.Configuration.Scope;
import dev.asterism.cli.config.Configuration.Snapshotter;
import dev.asterism.cli.config.Configuration.Verification;
import dev.asterism.layers.OutagePolicy;
import dev.asterism.layers.StartPolicy;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.AccessDeniedException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.tomlj.Toml;
import org.tomlj.TomlInvalidTypeException;
import org.tomlj.TomlParseError;
import org.tomlj.TomlParseResult;

/// One reading of a configuration file: what it says, and all that is wrong with it.
///
/// Every key that the stargz snapshotter knows is accepted; those that change nothing here are
/// warned about once. A key that nobody knows is an error: most likely it is a slip of the pen.
public final class ConfigurationFile {
  private static final long LONGEST_SECONDS = 86_400; // a day: more is a slip of the pen
  private static final long LONGEST_UNUSED = 10L * 365 * 86_400; // seconds: ten years
  private static final long MOST_RETRIES = 1000;
  private static final long MOST_CONCURRENCY = 100;
  private static final long MOST_ENTRIES = 1 << 20;
  private static final long MOST_BYTES = 1L << 50; // more than any layer

  private final Path path;
  private final TomlParseResult toml;
  private final List<String> problems = new ArrayList<>();
  private final List<String> warnings = new ArrayList<>();

  private ConfigurationFile(Path path, TomlParseResult toml) {
    this.path = path;
    this.toml = toml;
  }

  /// What a file says. Immutable.
  ///
  /// @param configuration with the defaults for what the file leaves open
  /// @param warnings one line for each key that changes nothing, with file, line and reason
  /// @param lines where each key stands that the file sets, by its path with dots
  public record Loaded(
      Configuration configuration, List<String> warnings, Map<String, Integer> lines) {
    /// What counts without a file.
    public static final Loaded NOTHING = new Loaded(Configuration.DEFAULT, List.of(), Map.of());

    /// Copies list and map.
    public Loaded {
      warnings = List.copyOf(warnings);
      lines = Map.copyOf(lines);
    }
  }

  /// Reads a file.
  ///
  /// @throws ConfigurationException if it is no TOML, or has a key or a value that cannot be; names
  ///   everything that is wrong
  /// @throws IOException if it cannot be read
  public static Loaded load(Path path) throws IOException {
    ConfigurationFile file = new ConfigurationFile(path, parse(path));
    file.checkSyntax();
    file.checkKeys();
    Configuration configuration = file.read();
    if (!file.problems.isEmpty()) {
      throw new ConfigurationException(file.problems);
    }
    return new Loaded(configuration, file.warnings, file.lines());
  }

  private static TomlParseResult parse(Path path) throws IOException {
    try {
      return Toml.parse(path);
    } catch (NoSuchFileException e) {
      throw unreadable(
          path,
          "there is no such file. Name one that is there, or none: every key has a default",
          e);
    } catch (AccessDeniedException e) {
      throw unreadable(path, "this user may not. Run it as root, or make the file readable", e);
    }
  }

  private static IOException unreadable(Path path, String why, IOException cause) {
    return new IOException("cannot read the configuration %s: %s".formatted(path, why), cause);
  }

  private Map<String, Integer> lines() {
    Map<String, Integer> lines = new HashMap<>();
    for (List<String> key : toml.keyPathSet()) {
      Optional.ofNullable(toml.inputPositionOf(key))
          .ifPresent(position -> lines.put(String.join(".", key), position.line()));
    }
    return lines;
  }

  private void checkSyntax() throws ConfigurationException {
    for (TomlParseError error : toml.errors()) {
      problems.add("%s:%d: %s".formatted(path, error.position().line(), error.getMessage()));
    }
    if (!problems.isEmpty()) {
      throw new ConfigurationException(problems);
    }
  }

  private void checkKeys() {
    for (List<String> key : toml.keyPathSet()) {
      String name = String.join(".", key);
      Optional<Key> known = Key.find(key);
      if (known.isEmpty()) {
        String hint =
            BuiltinKeys.reason(key)
                .or(() -> NearestKey.to(key).map(k -> "; did you mean '%s'?".formatted(k.path())))
                .orElse("");
        problems.add(at(key) + "unknown key '%s'%s".formatted(name, hint));
        continue;
      }
      Key found = known.get();
      switch (found.use()) {
        case USED -> {}
        case NEVER -> warn(key, found);
      }
    }
  }

  /// A value that cannot be is a mistake, whether the key changes anything or not.
  private void warn(List<String> key, Key known) {
    String name = String.join(".", key);
    Optional<String> complaint =
        known.form().flatMap(form -> form.complaint(Objects.requireNonNull(toml.get(key))));
    if (complaint.isPresent()) {
      problems.add(at(key) + "'%s' %s".formatted(name, complaint.get()));
    } else {
      warnings.add(at(key) + "'%s' changes nothing: %s".formatted(name, known.words()));
    }
  }

  private Scope scope(Scope otherwise) {
    String word = text(Key.SCOPE);
    Optional<Scope> scope = Scope.of(word);
    if (scope.isEmpty() && !word.isEmpty()) {
      problems.add(
          at(Key.SCOPE)
              + "'%s' is \"%s\": write \"node\" or \"namespace\""
                  .formatted(Key.SCOPE.path(), word));
    }
    return scope.orElse(otherwise);
  }

  private Configuration read() {
    Configuration base = Configuration.DEFAULT;
    BlobConfig blob = base.blob();
    return new Configuration(
        verification(),
        new BlobConfig(
            seconds(Key.FETCHING_TIMEOUT, blob.fetchingTimeout()),
            (int) number(Key.MAX_RETRIES, MOST_RETRIES, blob.maxRetries()),
            milliseconds(Key.MIN_WAIT, blob.minWait()),
            milliseconds(Key.MAX_WAIT, blob.maxWait())),
        directoryCache(base.directoryCache()),
        new Budget(
            limit(Key.MAX_SIZE, base.budget().maxSize()),
            limit(Key.MIN_FREE, base.budget().minFree())),
        new Upkeep(
            base.upkeep().cleanEvery(),
            Duration.ofSeconds(
                number(Key.UNUSED, LONGEST_UNUSED, base.upkeep().unusedFor().toSeconds())),
            base.upkeep().scrubEvery(),
            rate(Key.SCRUB_RATE, base.upkeep().scrubRate())),
        requestTimeout(),
        new RegistryHosts(
            new MirrorTables(path.toString(), problems).read(toml),
            directories(base.hosts().directories())),
        logins(base.logins()),
        new Endpoints(metricsAddress(), !flag(Key.NO_PROMETHEUS, false), path(Key.DEBUG_ADDRESS)),
        starts(),
        outages(base.outages()),
        flag(Key.LOG_FILE_ACCESS, base.logFileAccess()),
        new Snapshotter(
            scope(base.snapshotter().scope()),
            flag(Key.ASYNC_REMOVE, base.snapshotter().asyncRemove())));
  }

  /// Below 0 is no limit, as in the stargz snapshotter.
  private Optional<Duration> requestTimeout() {
    if (toml.get(Key.REQUEST_TIMEOUT.path()) instanceof Long value && value < 0) {
      return Optional.of(Duration.ofSeconds(LONGEST_SECONDS));
    }
    return Optional.of(seconds(Key.REQUEST_TIMEOUT, Duration.ZERO))
        .filter(timeout -> !timeout.isZero());
  }

  /// Reads `host:port`, as in the stargz snapshotter; without a host it is every address of the
  /// machine.
  private Optional<InetSocketAddress> metricsAddress() {
    String text = text(Key.METRICS_ADDRESS);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    int colon = text.lastIndexOf(':');
    try {
      int port = Integer.parseInt(text.substring(colon + 1));
      String host = text.substring(0, Math.max(colon, 0)).replaceAll("^\\[|]$", "");
      return Optional.of(
          host.isEmpty() ? new InetSocketAddress(port) : new InetSocketAddress(host, port));
    } catch (IllegalArgumentException _) {
      problems.add(
          at(Key.METRICS_ADDRESS)
              + "'%s' is no address: write it like 127.0.0.1:8234".formatted(text));
      return Optional.empty();
    }
  }

  /// Reads paths with colons between them, as containerd's `config_path`.
  private List<Path> directories(List<Path> otherwise) {
    if (!toml.contains(Key.CONFIG_PATH.path())) {
      return otherwise;
    }
    return Stream.of(text(Key.CONFIG_PATH).split(":", -1))
        .filter(part -> !part.isEmpty())
        .flatMap(part -> path(Key.CONFIG_PATH, part).stream())
        .toList();
  }

  private Logins logins(Logins base) {
    Cri cri = base.cri();
    return new Logins(
        path(Key.AUTH_FILE),
        new Kubernetes(
            flag(Key.KUBECONFIG_ENABLE, base.kubernetes().enabled()), path(Key.KUBECONFIG_PATH)),
        new Cri(
            flag(Key.CRI_ENABLE, cri.enabled()),
            path(Key.CRI_SERVICE).orElse(cri.service()),
            path(Key.CRI_LISTEN)));
  }

  /// Reads a path; empty for none.
  private Optional<Path> path(Key key) {
    String text = text(key);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Optional<Path> path = path(key, text);
    if (path.isPresent() && !path.get().isAbsolute()) {
      problems.add(at(key) + "'%s' is not an absolute path".formatted(text));
    }
    return path;
  }

  private Optional<Path> path(Key key, String text) {
    try {
      return Optional.of(Path.of(text));
    } catch (InvalidPathException e) {
      problems.add(at(key) + "'%s' is no path: %s".formatted(key.path(), e.getReason()));
      return Optional.empty();
    }
  }

  private String text(Key key) {
    try {
      return Optional.ofNullable(toml.getString(key.path())).orElse("");
    } catch (TomlInvalidTypeException _) {
      problems.add(at(key) + "'%s' is not a text".formatted(key.path()));
      return "";
    }
  }

  private OutagePolicy outages(OutagePolicy base) {
    Duration bound = seconds(Key.OUTAGE_WAIT, base.patience());
    String mode = text(Key.OUTAGE_MODE);
    Optional<OutagePolicy> policy =
        OutageKeys.policy(mode.isEmpty() ? OutageKeys.BOUNDED : mode, bound);
    if (policy.isEmpty()) {
      problems.add(
          at(Key.OUTAGE_MODE)
              + "'%s' is \"%s\", none of %s"
                  .formatted(Key.OUTAGE_MODE.path(), mode, String.join(", ", OutageKeys.MODES)));
    }
    return policy.orElse(base);
  }

  private StartPolicy starts() {
    StartPolicy.Prefetching prefetch = StartPolicy.Prefetching.DEFAULT;
    StartPolicy.Learning learned = StartPolicy.Learning.DEFAULT;
    return new StartPolicy(
        new StartPolicy.Prefetching(
            !flag(Key.NOPREFETCH, false),
            number(Key.PREFETCH_SIZE, MOST_BYTES, prefetch.size()),
            seconds(Key.PREFETCH_TIMEOUT, prefetch.patience()),
            number(Key.PREFETCH_ASYNC_SIZE, MOST_BYTES, prefetch.asyncSize())),
        new StartPolicy.Background(
            !flag(Key.NO_BACKGROUND_FETCH, false),
            (int)
                number(
                    Key.MAX_CONCURRENCY,
                    MOST_CONCURRENCY,
                    StartPolicy.Background.DEFAULT_CONCURRENCY)),
        new StartPolicy.Learning(
            !flag(Key.NO_LEARNING, false),
            number(Key.LEARNED_BYTES, MOST_BYTES, learned.maxBytes())));
  }

  private DirectoryCacheConfig directoryCache(DirectoryCacheConfig base) {
    return new DirectoryCacheConfig(
        flag(Key.ENABLE_HARDLINK, base.enableHardlink()),
        (int) number(Key.MAX_LRU, MOST_ENTRIES, base.maxLruCacheEntry()),
        (int) number(Key.MAX_FDS, MOST_ENTRIES, base.maxCacheFds()),
        flag(Key.SYNC_ADD, base.syncAdd()),
        flag(Key.DIRECT, base.direct()),
        flag(Key.FADV, flag(Key.FADVISE, base.fadviseDontneed())));
  }

  private Verification verification() {
    if (flag(Key.DISABLE_VERIFICATION, false)) {
      return Verification.NEVER;
    }
    return flag(Key.ALLOW_NO_VERIFICATION, false)
        ? Verification.UNLESS_LABELLED
        : Verification.REQUIRED;
  }

  private Duration seconds(Key key, Duration otherwise) {
    return Duration.ofSeconds(number(key, LONGEST_SECONDS, otherwise.toSeconds()));
  }

  private Duration milliseconds(Key key, Duration otherwise) {
    return Duration.ofMillis(number(key, LONGEST_SECONDS * 1000, otherwise.toMillis()));
  }

  /// Reads a number; 0 stands for the default, as in the stargz snapshotter.
  private long number(Key key, long largest, long otherwise) {
    try {
      Optional<Long> value = Optional.ofNullable(toml.getLong(key.path()));
      if (value.isPresent() && (value.get() < 0 || value.get() > largest)) {
        problems.add(
            at(key) + "'%s' is %d, not 0 to %d".formatted(key.path(), value.get(), largest));
      }
      return value.filter(number -> number > 0).orElse(otherwise);
    } catch (TomlInvalidTypeException _) {
      problems.add(at(key) + "'%s' is not a whole number".formatted(key.path()));
      return otherwise;
    }
  }

  /// Reads an amount of disk space: a text with a unit, or a number of bytes.
  private Limit limit(Key key, Limit otherwise) {
    Object value = toml.get(key.path());
    Optional<Limit> limit =
        switch (value) {
          case null -> Optional.of(otherwise);
          case String text -> Limit.parse(text);
          case Long bytes when bytes >= 0 -> Optional.of(new Limit.Bytes(bytes));
          default -> Optional.empty();
        };
    if (limit.isEmpty()) {
      problems.add(
          at(key)
              + "'%s' is neither a size nor a part of the disk, such as \"50GiB\" or \"10%%\""
                  .formatted(key.path()));
    }
    return limit.orElse(otherwise);
  }

  /// Reads bytes a second.
  private long rate(Key key, long otherwise) {
    return switch (limit(key, new Limit.Bytes(otherwise))) {
      case Limit.Bytes(long bytes) -> bytes;
      case Limit.Unset() -> otherwise;
      case Limit.Percent _ -> {
        problems.add(at(key) + "'%s' is not a size, such as \"8MiB\"".formatted(key.path()));
        yield otherwise;
      }
    };
  }

  private boolean flag(Key key, boolean otherwise) {
    try {
      return Optional.ofNullable(toml.getBoolean(key.path())).orElse(otherwise);
    } catch (TomlInvalidTypeException _) {
      problems.add(at(key) + "'%s' is neither true nor false".formatted(key.path()));
      return otherwise;
    }
  }

  private String at(Key key) {
    return at(Toml.parseDottedKey(key.path()));
  }

  private String at(List<String> key) {
    return Optional.ofNullable(toml.inputPositionOf(key))
        .map(position -> "%s:%d: ".formatted(path, position.line()))
        .orElse(path + ": ");
  }
}
