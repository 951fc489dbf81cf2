package dev.asterism.cli.config;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// The keys of the stargz snapshotter's `config.toml`, and what each does here; and a few of our
/// own.
///
/// The names and their meaning are that program's; see its configuration reference.
enum Key {
  ALLOW_NO_VERIFICATION("allow_no_verification"),
  DISABLE_VERIFICATION("disable_verification"),
  FETCHING_TIMEOUT("blob.fetching_timeout_sec"),
  MAX_RETRIES("blob.max_retries"),
  MIN_WAIT("blob.min_wait_msec"),
  MAX_WAIT("blob.max_wait_msec"),
  ENABLE_HARDLINK("directory_cache.enable_hardlink"),
  MAX_LRU("directory_cache.max_lru_cache_entry"),
  MAX_FDS("directory_cache.max_cache_fds"),
  SYNC_ADD("directory_cache.sync_add"),
  DIRECT("directory_cache.direct"),
  FADV("directory_cache.fadv_dontneed"),
  /// The same.
  FADVISE("directory_cache.fadvise_dontneed"),
  MAX_SIZE("directory_cache.max_size"),
  MIN_FREE("directory_cache.min_free"),
  UNUSED("directory_cache.remove_unused_sec"),
  SCRUB_RATE("directory_cache.scrub_rate"),
  REQUEST_TIMEOUT("resolver.request_timeout_sec"),
  NO_PROMETHEUS("no_prometheus"),
  METRICS_ADDRESS("metrics_address"),
  PREFETCH_SIZE("prefetch_size"),
  PREFETCH_TIMEOUT("prefetch_timeout_sec"),
  PREFETCH_ASYNC_SIZE("prefetch_async_size"),
  NOPREFETCH("noprefetch"),
  NO_BACKGROUND_FETCH("no_background_fetch"),
  MAX_CONCURRENCY("max_concurrency"),

  /// Asterism's own.
  NO_LEARNING("learned.disable"),
  LEARNED_BYTES("learned.max_bytes"),

  DEBUG_ADDRESS("debug_address", Use.NOT_YET, "there is no debug endpoint"),
  LOG_FILE_ACCESS("log_file_access", Use.NOT_YET, "opens are not logged"),
  CRI_ENABLE("cri_keychain.enable_keychain", Use.NOT_YET, Reason.LOGINS),
  CRI_SERVICE("cri_keychain.image_service_path", Use.NOT_YET, Reason.LOGINS),
  CRI_LISTEN("cri_keychain.listen_path", Use.NOT_YET, Reason.LOGINS),
  KUBECONFIG_ENABLE("kubeconfig_keychain.enable_keychain", Use.NOT_YET, Reason.LOGINS),
  KUBECONFIG_PATH("kubeconfig_keychain.kubeconfig_path", Use.NOT_YET, Reason.LOGINS),
  MIRRORS("resolver.host.*.mirrors", Use.NOT_YET, "every registry is asked itself"),
  IPFS("ipfs", Use.NOT_YET, "layers come from registries"),
  ALLOW_INVALID_MOUNTS(
      "snapshotter.allow_invalid_mounts_on_restart",
      Use.NOT_YET,
      "a layer that cannot be reopened is named in the log, and the start goes on"),

  PREFETCH_CHUNK_SIZE("blob.prefetch_chunk_size", Use.NEVER, "requests follow the link's speed"),
  HTTP_CACHE_TYPE("http_cache_type", Use.NEVER, "verified chunks are kept, not HTTP answers"),
  FILESYSTEM_CACHE_TYPE("filesystem_cache_type", Use.NEVER, "chunks are always kept on disk"),
  RESOLVE_TTL("resolve_result_entry_ttl_sec", Use.NEVER, "a layer stays resolved while in use"),
  RESOLVE_ENTRY("resolve_result_entry", Use.NEVER, "the stargz snapshotter ignores it too"),
  DEBUG("debug", Use.NEVER, "use --log-level debug"),
  METADATA_STORE("metadata_store", Use.NEVER, "a layer's metadata is an EROFS image on disk"),
  VALID_INTERVAL("blob.valid_interval", Use.NEVER, "a registry is asked when bytes are needed"),
  CHECK_ALWAYS("blob.check_always", Use.NEVER, "a registry is asked when bytes are needed"),
  CHUNK_SIZE("blob.chunk_size", Use.NEVER, "requests follow the chunks of the layer"),
  SINGLE_RANGE("blob.force_single_range_mode", Use.NEVER, "every request is for one range already"),
  HARDLINK_ROOT("directory_cache.hardlink_root", Use.NEVER, "the store lies below --root"),
  ATTR_TIMEOUT("fuse.attr_timeout", Use.NEVER, "metadata does not pass through FUSE"),
  ENTRY_TIMEOUT("fuse.entry_timeout", Use.NEVER, "metadata does not pass through FUSE"),
  PASSTHROUGH("fuse.passthrough", Use.NEVER, "it is used wherever the kernel has it"),
  MERGE_BUFFER("fuse.merge_buffer_size", Use.NEVER, "files are not merged for passthrough"),
  MERGE_WORKERS("fuse.merge_worker_count", Use.NEVER, "files are not merged for passthrough"),
  MANAGER_ENABLE("fuse_manager.enable", Use.NEVER, "there is no second process"),
  MANAGER_ADDRESS("fuse_manager.address", Use.NEVER, "there is no second process"),
  MANAGER_PATH("fuse_manager.path", Use.NEVER, "there is no second process"),
  MANAGER_METRICS("fuse_manager.metrics_address", Use.NEVER, "there is no second process");

  /// Why several keys change nothing.
  private static final class Reason {
    static final String LOGINS = "credentials come from docker's config.json";
  }

  /// Whether a key changes anything.
  enum Use {
    USED,
    NOT_YET,
    NEVER
  }

  private static final int MAX_DISTANCE = 3; // edits: more is another word

  private final String path;
  private final Use use;
  private final String reason;

  Key(String path) {
    this(path, Use.USED, "");
  }

  Key(String path, Use use, String reason) {
    this.path = path;
    this.use = use;
    this.reason = reason;
  }

  /// Returns its tables and its name, joined by dots; `*` stands for any name.
  String path() {
    return path;
  }

  Use use() {
    return use;
  }

  /// Returns why it changes nothing; empty where it does.
  String reason() {
    return reason;
  }

  /// Returns the key that a path in a file names.
  static Optional<Key> find(List<String> path) {
    return Arrays.stream(values()).filter(key -> key.matches(path)).findFirst();
  }

  /// Returns the key that somebody who wrote `path` may have meant.
  static Optional<Key> nearest(List<String> path) {
    String written = String.join(".", path);
    return Arrays.stream(values())
        .min(Comparator.comparingInt(key -> key.distance(written)))
        .filter(key -> key.distance(written) <= MAX_DISTANCE);
  }

  private boolean matches(List<String> path) {
    List<String> words = Arrays.asList(this.path.split("\\.", -1));
    return words.size() == path.size()
        && IntStream.range(0, words.size())
            .allMatch(i -> words.get(i).equals("*") || words.get(i).equals(path.get(i)));
  }

  /// Edits between the two, or between the names alone where the table is another.
  private int distance(String written) {
    int whole = edits(path, written);
    int names = edits(lastName(path), lastName(written));
    return Math.min(whole, names + 1);
  }

  private static String lastName(String path) {
    return path.substring(path.lastIndexOf('.') + 1);
  }

  /// Levenshtein's distance, one row at a time.
  private static int edits(String a, String b) {
    int[] row = IntStream.rangeClosed(0, b.length()).toArray();
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, Math.min(row[j], row[j - 1]) + 1);
      }
    }
    return row[b.length()];
  }
}
