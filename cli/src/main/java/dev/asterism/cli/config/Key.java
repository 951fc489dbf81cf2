package dev.asterism.cli.config;

import dev.asterism.cache.Limit;
import dev.asterism.cli.config.Configuration.Verification;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// The keys of the stargz snapshotter's `config.toml`, and what each does here; and a few of our
/// own.
///
/// The names and their meaning are that program's; see its configuration reference.
enum Key {
  ALLOW_NO_VERIFICATION(
      "allow_no_verification",
      Kind.BOOLEAN,
      flag(c -> c.verification() == Verification.UNLESS_LABELLED),
      "an image whose label says so is mounted without verification; nothing of it is shared"),
  DISABLE_VERIFICATION(
      "disable_verification",
      Kind.BOOLEAN,
      flag(c -> c.verification() == Verification.NEVER),
      "no image is verified, and nothing is shared between layers"),
  LOG_FILE_ACCESS(
      "log_file_access",
      Kind.BOOLEAN,
      flag(Configuration::logFileAccess),
      "each first use of a file by a container is a debug line with `layer`, `path` and `size`; what the kernel reads from the store by itself is not seen"),
  NO_PROMETHEUS(
      "no_prometheus",
      Kind.BOOLEAN,
      flag(c -> !c.endpoints().prometheus()),
      "the metrics are on the admin socket only"),
  METRICS_ADDRESS(
      "metrics_address",
      Kind.TEXT,
      text(c -> c.endpoints().metrics().map(Key::written).orElse("")),
      "`host:port` where anybody may read the metrics, at `/metrics`; empty: nowhere"),
  DEBUG_ADDRESS(
      "debug_address",
      Kind.TEXT,
      text(c -> c.endpoints().debug().map(Path::toString).orElse("")),
      "unix socket with `/debug/vars` and `/debug/threads`; empty: none"),
  NOPREFETCH(
      "noprefetch",
      Kind.BOOLEAN,
      flag(c -> !c.starts().prefetch().enabled()),
      "nothing is prefetched"),
  PREFETCH_SIZE(
      "prefetch_size",
      Kind.BYTES,
      number(c -> c.starts().prefetch().size()),
      "compressed bytes that are prefetched of a layer with neither a landmark nor a label"),
  PREFETCH_TIMEOUT(
      "prefetch_timeout_sec",
      Kind.SECONDS,
      seconds(c -> c.starts().prefetch().patience()),
      "how long the first mount waits for the prefetch; 0: not at all (stargz: 10)"),
  PREFETCH_ASYNC_SIZE(
      "prefetch_async_size",
      Kind.BYTES,
      number(c -> c.starts().prefetch().asyncSize()),
      "a larger prefetch is not waited for; 0: all are"),
  NO_BACKGROUND_FETCH(
      "no_background_fetch",
      Kind.BOOLEAN,
      flag(c -> !c.starts().background().enabled()),
      "what nobody reads is not fetched"),
  MAX_CONCURRENCY(
      "max_concurrency",
      Kind.COUNT,
      number(c -> c.starts().background().maxConcurrency()),
      "slices of 4 MiB that are fetched in the background at a time from each registry"),
  FETCHING_TIMEOUT(
      "blob.fetching_timeout_sec",
      Kind.SECONDS,
      seconds(c -> c.blob().fetchingTimeout()),
      "how long one fetch may go on, retries included, without anything arriving; what `resolver.request_timeout_sec` says counts where it is shorter"),
  MAX_RETRIES(
      "blob.max_retries",
      Kind.COUNT,
      number(c -> c.blob().maxRetries()),
      "how often a request that may yet succeed is repeated"),
  MIN_WAIT(
      "blob.min_wait_msec",
      Kind.MILLISECONDS,
      milliseconds(c -> c.blob().minWait()),
      "pause before the first repetition; it doubles with each"),
  MAX_WAIT(
      "blob.max_wait_msec",
      Kind.MILLISECONDS,
      milliseconds(c -> c.blob().maxWait()),
      "the longest pause"),
  ENABLE_HARDLINK(
      "directory_cache.enable_hardlink",
      Kind.BOOLEAN,
      flag(c -> c.directoryCache().enableHardlink()),
      "layers share equal content as hard links to one file"),
  MAX_LRU(
      "directory_cache.max_lru_cache_entry",
      Kind.COUNT,
      number(c -> c.directoryCache().maxLruCacheEntry()),
      "chunks of large files that are kept in memory, on the whole node"),
  MAX_FDS(
      "directory_cache.max_cache_fds",
      Kind.COUNT,
      number(c -> c.directoryCache().maxCacheFds()),
      "files of the store that are kept open, on the whole node"),
  SYNC_ADD(
      "directory_cache.sync_add",
      Kind.BOOLEAN,
      flag(c -> c.directoryCache().syncAdd()),
      "a read that fetches is answered only when its chunk is written"),
  DIRECT(
      "directory_cache.direct",
      Kind.BOOLEAN,
      flag(c -> c.directoryCache().direct()),
      "neither memory nor open files are used (stargz: `true`)"),
  FADV(
      "directory_cache.fadv_dontneed",
      Kind.BOOLEAN,
      flag(c -> c.directoryCache().fadviseDontneed()),
      "the kernel is told that it need not keep pages of what the daemon wrote or read"),
  FADVISE(
      "directory_cache.fadvise_dontneed",
      Kind.BOOLEAN,
      flag(c -> c.directoryCache().fadviseDontneed()),
      "the same"),
  MAX_SIZE(
      "directory_cache.max_size",
      Kind.LIMIT,
      size(c -> c.budget().maxSize()),
      "what the store's files may occupy; empty: no limit"),
  MIN_FREE(
      "directory_cache.min_free",
      Kind.LIMIT,
      size(c -> c.budget().minFree()),
      "what stays free on the store's file system; empty: 5 %, 8 GiB at most"),
  UNUSED(
      "directory_cache.remove_unused_sec",
      Kind.SECONDS,
      seconds(c -> c.upkeep().unusedFor()),
      "how long no layer has needed a file that the daily cleanup removes"),
  SCRUB_RATE(
      "directory_cache.scrub_rate",
      Kind.LIMIT,
      size(c -> new Limit.Bytes(c.upkeep().scrubRate())),
      "bytes a second that are hashed again in the background; \"0\": none"),
  SCOPE(
      "directory_cache.scope",
      Kind.TEXT,
      text(c -> c.snapshotter().scope().word()),
      "who shares content: `node`, all layers of the daemon; `namespace`, those of one namespace of containerd: each has a store of its own below `namespaces/NAME` of the root, to which the limits apply, and an admin socket. A root stays with the one that it began with"),
  REQUEST_TIMEOUT(
      "resolver.request_timeout_sec",
      Kind.SECONDS,
      seconds(c -> c.requestTimeout().orElse(Duration.ZERO)),
      "how long a registry may let a request wait without anything arriving. Above 10, there are 20 seconds more to ask again or elsewhere. 0: a request is given up after 10 seconds, and asking again or elsewhere after 30"),
  CONFIG_PATH(
      "resolver.config_path",
      Kind.TEXT,
      text(c ->
          c.hosts().directories().stream().map(Path::toString).collect(Collectors.joining(":"))),
      "directories, with colons between them, that have a registry's `HOST/hosts.toml` and certificates"),
  AUTH_FILE(
      "resolver.auth_file",
      Kind.TEXT,
      text(c -> path(c.logins().file())),
      "a file like docker's `config.json`, whose credentials come first; empty: none"),
  MIRRORS("resolver.host.*.mirrors"),
  KUBECONFIG_ENABLE(
      "kubeconfig_keychain.enable_keychain",
      Kind.BOOLEAN,
      flag(c -> c.logins().kubernetes().enabled()),
      "the pull secrets of a Kubernetes cluster are followed through its API"),
  KUBECONFIG_PATH(
      "kubeconfig_keychain.kubeconfig_path",
      Kind.TEXT,
      text(c -> path(c.logins().kubernetes().kubeconfig())),
      "which cluster, and as whom; it is waited for; empty: `$KUBECONFIG`, else `~/.kube/config`"),
  CRI_ENABLE(
      "cri_keychain.enable_keychain",
      Kind.BOOLEAN,
      flag(c -> c.logins().cri().enabled()),
      "kubelet's image service is served, handed on to containerd's, and what kubelet pulls with is remembered"),
  CRI_SERVICE(
      "cri_keychain.image_service_path",
      Kind.TEXT,
      text(c -> c.logins().cri().service().toString()),
      "the socket of containerd's image service"),
  CRI_LISTEN(
      "cri_keychain.listen_path",
      Kind.TEXT,
      text(c -> path(c.logins().cri().listen())),
      "the socket where kubelet finds the service; empty: the snapshotter's own"),
  ASYNC_REMOVE(
      "snapshotter.async_remove",
      Kind.BOOLEAN,
      flag(c -> c.snapshotter().asyncRemove()),
      "a removed snapshot's directory is deleted by the next cleanup, which containerd asks for after each garbage collection, and not before the removal is answered (stargz: always, without a key)"),
  NO_LEARNING(
      "learned.disable",
      Kind.BOOLEAN,
      flag(c -> !c.starts().learned().enabled()),
      "starts are neither recorded nor replayed"),
  LEARNED_BYTES(
      "learned.max_bytes",
      Kind.BYTES,
      number(c -> c.starts().learned().maxBytes()),
      "compressed bytes that one replay fetches at most"),
  OUTAGE_MODE(
      "outage.mode",
      Kind.TEXT,
      text(c -> OutageKeys.mode(c.outages())),
      "what a read does whose registry is away: `wait` until it is back, `bounded`: wait for `wait_sec`, or `fail` with the first attempt. A layer's label overrides it"),
  OUTAGE_WAIT(
      "outage.wait_sec",
      Kind.SECONDS,
      number(c -> OutageKeys.waitSeconds(c.outages())),
      "how long a read waits where the mode is `bounded`, from its begin"),

  IPFS(
      "ipfs",
      Use.NEVER,
      Kind.BOOLEAN,
      "layers come from registries; put a registry before IPFS, and name it as a mirror"),
  ALLOW_INVALID_MOUNTS(
      "snapshotter.allow_invalid_mounts_on_restart",
      Use.NEVER,
      Kind.BOOLEAN,
      "it is always so: a layer that cannot be reopened is named in the log, and the start goes on"),
  PREFETCH_CHUNK_SIZE(
      "blob.prefetch_chunk_size", Use.NEVER, Kind.BYTES, "requests follow the link's speed"),
  HTTP_CACHE_TYPE(
      "http_cache_type", Use.NEVER, Kind.TEXT, "verified chunks are kept, not HTTP answers"),
  FILESYSTEM_CACHE_TYPE(
      "filesystem_cache_type",
      Use.NEVER,
      Kind.TEXT,
      "chunks are always kept on disk; bound them with directory_cache.max_size"),
  RESOLVE_TTL(
      "resolve_result_entry_ttl_sec",
      Use.NEVER,
      Kind.SECONDS,
      "a layer stays resolved while in use, and its metadata on disk"),
  RESOLVE_ENTRY(
      "resolve_result_entry", Use.NEVER, Kind.COUNT, "the stargz snapshotter ignores it too"),
  DEBUG("debug", Use.NEVER, Kind.BOOLEAN, "use --log-level debug"),
  METADATA_STORE(
      "metadata_store", Use.NEVER, Kind.TEXT, "a layer's metadata is an EROFS image on disk"),
  VALID_INTERVAL(
      "blob.valid_interval",
      Use.NEVER,
      Kind.SECONDS,
      "a registry is asked when bytes are needed, never to see whether it is there"),
  CHECK_ALWAYS(
      "blob.check_always",
      Use.NEVER,
      Kind.BOOLEAN,
      "a registry is asked when bytes are needed, never to see whether it is there"),
  CHUNK_SIZE("blob.chunk_size", Use.NEVER, Kind.BYTES, "requests follow the chunks of the layer"),
  SINGLE_RANGE(
      "blob.force_single_range_mode",
      Use.NEVER,
      Kind.BOOLEAN,
      "every request is for one range already"),
  HARDLINK_ROOT(
      "directory_cache.hardlink_root",
      Use.NEVER,
      Kind.TEXT,
      "the store lies below --root; use directory_cache.enable_hardlink"),
  ATTR_TIMEOUT("fuse.attr_timeout", Use.NEVER, Kind.SECONDS, "metadata does not pass through FUSE"),
  ENTRY_TIMEOUT(
      "fuse.entry_timeout", Use.NEVER, Kind.SECONDS, "metadata does not pass through FUSE"),
  PASSTHROUGH("fuse.passthrough", Use.NEVER, Kind.BOOLEAN, "it is used wherever the kernel has it"),
  MERGE_BUFFER(
      "fuse.merge_buffer_size", Use.NEVER, Kind.BYTES, "files are not merged for passthrough"),
  MERGE_WORKERS(
      "fuse.merge_worker_count", Use.NEVER, Kind.COUNT, "files are not merged for passthrough"),
  MANAGER_ENABLE("fuse_manager.enable", Use.NEVER, Kind.BOOLEAN, Reason.NO_MANAGER),
  MANAGER_ADDRESS("fuse_manager.address", Use.NEVER, Kind.TEXT, Reason.NO_MANAGER),
  MANAGER_PATH("fuse_manager.path", Use.NEVER, Kind.TEXT, Reason.NO_MANAGER),
  MANAGER_METRICS("fuse_manager.metrics_address", Use.NEVER, Kind.TEXT, Reason.NO_MANAGER);

  /// Why several keys change nothing.
  private static final class Reason {
    static final String NO_MANAGER =
        "containers survive a restart of the daemon without a second process";
  }

  /// What a value is.
  enum Kind {
    BOOLEAN("true or false"),
    TEXT("text"),
    COUNT("count"),
    BYTES("bytes"),
    SECONDS("seconds"),
    MILLISECONDS("milliseconds"),
    LIMIT("size, such as \"50GiB\" or \"10%\"");

    private final String words;

    Kind(String words) {
      this.words = words;
    }

    /// Returns what an operator calls it.
    String words() {
      return words;
    }

    /// Returns what is wrong with a value that a file has; empty if nothing is, or where the
    /// value's reader says more.
    ///
    /// @param value as the TOML parser gives it
    Optional<String> complaint(Object value) {
      return switch (this) {
        case BOOLEAN ->
            value instanceof Boolean ? Optional.empty() : Optional.of("is neither true nor false");
        case TEXT -> value instanceof String ? Optional.empty() : Optional.of("is not a text");
        case COUNT, BYTES, SECONDS, MILLISECONDS ->
            value instanceof Long ? Optional.empty() : Optional.of("is not a whole number");
        case LIMIT -> Optional.empty();
      };
    }
  }

  /// Whether a key changes anything.
  enum Use {
    USED,
    NEVER
  }

  private final String path;
  private final Use use;
  private final Optional<Kind> kind;

  @SuppressWarnings("ImmutableEnumChecker") // functions without a state
  private final Function<Configuration, String> value;

  private final String words;

  /// What its value is in a file; empty for a table.
  private final Optional<Kind> form;

  Key(String path, Kind kind, Function<Configuration, String> value, String meaning) {
    this.path = path;
    this.use = Use.USED;
    this.kind = Optional.of(kind);
    this.form = this.kind;
    this.value = value;
    this.words = meaning;
  }

  /// A table of its own, which somebody else reads.
  Key(String path) {
    this.path = path;
    this.use = Use.USED;
    this.kind = Optional.empty();
    this.form = Optional.empty();
    this.value = _ -> "";
    this.words = "";
  }

  /// One that changes nothing.
  ///
  /// @param form what its value is all the same
  Key(String path, Use use, Kind form, String reason) {
    this.path = path;
    this.use = use;
    this.kind = Optional.empty();
    this.form = Optional.of(form);
    this.value = _ -> "";
    this.words = reason;
  }

  /// Returns its tables and its name, joined by dots; `*` stands for any name.
  String path() {
    return path;
  }

  /// Returns the tables that it stands in, joined by dots; empty at top level.
  String table() {
    return path.substring(0, Math.max(path.lastIndexOf('.'), 0));
  }

  /// Returns its last word.
  String lastName() {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  Use use() {
    return use;
  }

  /// Returns what its value is; empty for a key that changes nothing.
  Optional<Kind> kind() {
    return kind;
  }

  /// Returns what its value is in a file, whether it changes anything or not; empty for a table.
  Optional<Kind> form() {
    return form;
  }

  /// Returns its effective value as TOML; empty for a key that changes nothing.
  String value(Configuration configuration) {
    return value.apply(configuration);
  }

  /// Returns what it does, or why it changes nothing; Markdown.
  String words() {
    return words;
  }

  /// Returns the key that a path in a file names.
  static Optional<Key> find(List<String> path) {
    return Arrays.stream(values()).filter(key -> key.matches(path)).findFirst();
  }

  private boolean matches(List<String> path) {
    List<String> names = Arrays.asList(this.path.split("\\.", -1));
    return names.size() == path.size()
        && IntStream.range(0, names.size())
            .allMatch(i -> names.get(i).equals("*") || names.get(i).equals(path.get(i)));
  }

  private static Function<Configuration, String> flag(Predicate<Configuration> value) {
    return configuration -> String.valueOf(value.test(configuration));
  }

  private static Function<Configuration, String> number(ToLongFunction<Configuration> value) {
    return configuration -> String.valueOf(value.applyAsLong(configuration));
  }

  private static Function<Configuration, String> seconds(Function<Configuration, Duration> value) {
    return configuration -> String.valueOf(value.apply(configuration).toSeconds());
  }

  private static Function<Configuration, String> milliseconds(
      Function<Configuration, Duration> value) {
    return configuration -> String.valueOf(value.apply(configuration).toMillis());
  }

  private static Function<Configuration, String> text(Function<Configuration, String> value) {
    return configuration -> TomlText.quoted(value.apply(configuration));
  }

  private static Function<Configuration, String> size(Function<Configuration, Limit> value) {
    return configuration ->
        switch (value.apply(configuration)) {
          case Limit.Unset() -> TomlText.quoted("");
          case Limit.Bytes(long count) -> TomlText.quoted(String.valueOf(count));
          case Limit.Percent(double part) -> TomlText.quoted(part + "%");
        };
  }

  private static String path(Optional<Path> path) {
    return path.map(Path::toString).orElse("");
  }

  private static String written(InetSocketAddress address) {
    return address.getAddress() != null && address.getAddress().isAnyLocalAddress()
        ? ":" + address.getPort()
        : address.getHostString() + ":" + address.getPort();
  }
}
