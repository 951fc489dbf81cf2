package dev.asterism.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cache.Budget;
import dev.asterism.cache.DirectoryCacheConfig;
import dev.asterism.cache.Limit;
import dev.asterism.cli.config.Configuration;
import dev.asterism.cli.config.ConfigurationFile;
import dev.asterism.layers.LayerSettings;
import dev.asterism.layers.OutagePolicy;
import dev.asterism.layers.StartPolicy;
import dev.asterism.registry.RequestPolicy;
import dev.asterism.snapshotter.SnapshotSettings;
import dev.asterism.snapshotter.VerificationPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a configuration says reaches the parts that it is for. What these then do is shown by their
/// own tests.
class DaemonSettingsTest {
  @TempDir private Path temporary;

  private Configuration load(String text) throws Exception {
    return ConfigurationFile.load(Files.writeString(temporary.resolve("config.toml"), text))
        .configuration();
  }

  @ParameterizedTest
  @CsvSource({
    "'', REQUIRED",
    "allow_no_verification = true, LABEL_MAY_SKIP",
    "disable_verification = true, DISABLED"
  })
  void verification_eachKey_isThatOfSnapshots(String text, VerificationPolicy policy)
      throws Exception {
    assertThat(Daemon.snapshotSettings(load(text)).verification()).isEqualTo(policy);
  }

  @Test
  void asyncRemove_set_isThatOfSnapshots() throws Exception {
    SnapshotSettings settings = Daemon.snapshotSettings(load("snapshotter.async_remove = true\n"));
    assertThat(settings.asyncRemove()).isTrue();
    assertThat(Daemon.snapshotSettings(load("")).asyncRemove()).isFalse();
  }

  @Test
  void directoryCache_everyKey_isThatOfTheStore() throws Exception {
    LayerSettings settings =
        Daemon.settings(
            load(
                """
                [directory_cache]
                enable_hardlink = false
                max_lru_cache_entry = 7
                max_cache_fds = 8
                sync_add = true
                direct = true
                fadv_dontneed = true
                max_size = "3GiB"
                min_free = "7%"
                remove_unused_sec = 99
                scrub_rate = "5MiB"
                """));
    assertThat(settings.store().config())
        .isEqualTo(new DirectoryCacheConfig(false, 7, 8, true, true, true));
    assertThat(settings.store().budget())
        .isEqualTo(new Budget(new Limit.Bytes(3L << 30), new Limit.Percent(7)));
    assertThat(settings.store().upkeep().unusedFor()).isEqualTo(Duration.ofSeconds(99));
    assertThat(settings.store().upkeep().scrubRate()).isEqualTo(5 << 20);
  }

  @Test
  void starts_everyKey_isThatOfLayers() throws Exception {
    LayerSettings settings =
        Daemon.settings(
            load(
                """
                noprefetch = true
                prefetch_size = 4096
                prefetch_timeout_sec = 3
                prefetch_async_size = 8192
                no_background_fetch = true
                max_concurrency = 5
                [learned]
                disable = true
                max_bytes = 777
                [outage]
                mode = "bounded"
                wait_sec = 12
                """));
    assertThat(settings.starts())
        .isEqualTo(
            new StartPolicy(
                new StartPolicy.Prefetching(false, 4096, Duration.ofSeconds(3), 8192),
                new StartPolicy.Background(false, 5),
                new StartPolicy.Learning(false, 777)));
    assertThat(settings.outages()).isEqualTo(OutagePolicy.parse("12").orElseThrow());
  }

  @Test
  void blob_everyKey_isThatOfRequests() throws Exception {
    RequestPolicy policy =
        Daemon.policy(
            load(
                """
                [blob]
                fetching_timeout_sec = 20
                max_retries = 2
                min_wait_msec = 40
                max_wait_msec = 900
                """));
    assertThat(policy.attempts()).isEqualTo(3);
    assertThat(policy.backoff()).isEqualTo(Duration.ofMillis(40));
    assertThat(policy.maxBackoff()).isEqualTo(Duration.ofMillis(900));
    assertThat(policy.patience()).isEqualTo(Duration.ofSeconds(20));
  }

  @ParameterizedTest
  @CsvSource({"0, 10, 30", "4, 4, 4", "10, 10, 10", "60, 60, 80", "299, 299, 300", "-1, 300, 300"})
  void requestTimeout_set_isThatOfEachRequestAndLeavesTimeToAskAgain(
      int configured, int request, int all) throws Exception {
    RequestPolicy policy =
        Daemon.policy(load("resolver.request_timeout_sec = %d\n".formatted(configured)));
    assertThat(policy.read()).isEqualTo(Duration.ofSeconds(request));
    assertThat(policy.patience()).isEqualTo(Duration.ofSeconds(all));
  }
}
