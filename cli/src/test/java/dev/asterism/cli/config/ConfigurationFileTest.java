package dev.asterism.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.cache.Budget;
import dev.asterism.cache.DirectoryCacheConfig;
import dev.asterism.cache.Limit;
import dev.asterism.cli.config.Configuration.Verification;
import dev.asterism.layers.OutagePolicy;
import dev.asterism.layers.StartPolicy;
import dev.asterism.registry.Endpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationFileTest {
  @TempDir private Path temporary;

  private ConfigurationFile.Loaded load(String text) throws Exception {
    return ConfigurationFile.load(Files.writeString(temporary.resolve("config.toml"), text));
  }

  @Test
  void load_empty_isTheDefault() throws Exception {
    assertThat(load("").configuration()).isEqualTo(Configuration.DEFAULT);
  }

  @Test
  void load_usedKeys_areRead() throws Exception {
    ConfigurationFile.Loaded loaded =
        load(
            """
            disable_verification = true
            [blob]
            fetching_timeout_sec = 20
            max_retries = 2
            [directory_cache]
            enable_hardlink = false
            [resolver]
            request_timeout_sec = 7
            """);

    Configuration configuration = loaded.configuration();
    assertThat(configuration.verification()).isEqualTo(Verification.NEVER);
    assertThat(configuration.blob().fetchingTimeout()).isEqualTo(Duration.ofSeconds(20));
    assertThat(configuration.blob().maxRetries()).isEqualTo(2);
    assertThat(configuration.directoryCache().enableHardlink()).isFalse();
    assertThat(configuration.requestTimeout()).contains(Duration.ofSeconds(7));
    assertThat(loaded.warnings()).isEmpty();
  }

  @Test
  void load_keysOfTheDirectoryCache_areRead() throws Exception {
    ConfigurationFile.Loaded loaded =
        load(
            """
            [directory_cache]
            enable_hardlink = false
            max_lru_cache_entry = 7
            max_cache_fds = 8
            sync_add = true
            direct = true
            fadv_dontneed = true
            """);

    assertThat(loaded.configuration().directoryCache())
        .isEqualTo(new DirectoryCacheConfig(false, 7, 8, true, true, true));
    assertThat(loaded.warnings()).isEmpty();
    assertThat(load("directory_cache.max_cache_fds = 0\n").configuration().directoryCache())
        .isEqualTo(DirectoryCacheConfig.DEFAULT);
    assertThat(
            load("directory_cache.fadvise_dontneed = true\n")
                .configuration()
                .directoryCache()
                .fadviseDontneed())
        .isTrue();
  }

  @Test
  void load_limitsOfTheStore_areRead() throws Exception {
    Configuration configuration =
        load("""
        [directory_cache]
        max_size = "50GiB"
        min_free = "16%"
        remove_unused_sec = 3600
        scrub_rate = "0"
        """)
            .configuration();

    assertThat(configuration.budget())
        .isEqualTo(new Budget(new Limit.Bytes(50L << 30), new Limit.Percent(16)));
    assertThat(configuration.upkeep().unusedFor()).isEqualTo(Duration.ofHours(1));
    assertThat(configuration.upkeep().scrubRate()).isZero();
    assertThat(load("directory_cache.max_size = 4096\n").configuration().budget().maxSize())
        .isEqualTo(new Limit.Bytes(4096));
  }

  @Test
  void load_limitsThatAreNone_areNamedWithTheirLines() {
    assertThatThrownBy(() ->
            load("[directory_cache]\nmax_size = \"much\"\nmin_free = -1\nscrub_rate = \"5%\"\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(":2: 'directory_cache.max_size' is neither a size nor")
        .hasMessageContaining(":3: 'directory_cache.min_free' is neither")
        .hasMessageContaining(":4: 'directory_cache.scrub_rate' is not a size");
  }

  @Test
  void load_outage_isRead() throws Exception {
    assertThat(load("").configuration().outages())
        .isEqualTo(new OutagePolicy(Duration.ofSeconds(30)));
    assertThat(load("[outage]\nmode = \"wait\"\n").configuration().outages())
        .isEqualTo(OutagePolicy.WAIT);
    assertThat(load("[outage]\nmode = \"fail\"\n").configuration().outages())
        .isEqualTo(OutagePolicy.FAIL);
    assertThat(load("[outage]\nwait_sec = 90\n").configuration().outages())
        .isEqualTo(new OutagePolicy(Duration.ofSeconds(90)));
    assertThatThrownBy(() -> load("[outage]\nmode = \"hope\"\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(":2: 'outage.mode' is \"hope\", none of wait, bounded, fail");
  }

  /// Who asks for less sharing, in a word that nobody knows, must not get more.
  @Test
  void load_scopeThatDoesNotExist_isAnError() throws Exception {
    assertThatThrownBy(() -> load("[directory_cache]\nscope = \"tenant\"\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(":2: 'directory_cache.scope' is \"tenant\"")
        .hasMessageContaining("\"node\" or \"namespace\"");
  }

  @Test
  void load_zero_standsForTheDefault() throws Exception {
    assertThat(load("[blob]\nmax_retries = 0\n").configuration().blob().maxRetries()).isEqualTo(5);
  }

  @Test
  void load_keysOfStarts_areTaken() throws Exception {
    StartPolicy starts =
        load("""
        prefetch_size = 1048576
        prefetch_timeout_sec = 7
        prefetch_async_size = 4096
        no_background_fetch = true
        max_concurrency = 5
        [learned]
        disable = true
        max_bytes = 1000000
        """)
            .configuration()
            .starts();

    assertThat(starts)
        .isEqualTo(
            new StartPolicy(
                new StartPolicy.Prefetching(true, 1 << 20, Duration.ofSeconds(7), 4096),
                new StartPolicy.Background(false, 5),
                new StartPolicy.Learning(false, 1_000_000)));
    assertThat(load("noprefetch = true").configuration().starts().prefetch().enabled()).isFalse();
  }

  @Test
  void load_knownKeysWithoutEffect_areWarnedAboutOnce() throws Exception {
    assertThat(
            load("""
            ipfs = true
            [fuse]
            passthrough = true
            """)
                .warnings())
        .satisfiesExactlyInAnyOrder(
            line -> assertThat(line).contains(":1: 'ipfs' changes nothing: "),
            line -> assertThat(line).contains(":3: 'fuse.passthrough' changes nothing: "));
  }

  @Test
  void load_mirrors_areReadInOrder() throws Exception {
    ConfigurationFile.Loaded loaded =
        load(
            """
            [[resolver.host."registry.example:5000".mirrors]]
            host = "mirror.example"
            request_timeout_sec = 60
            [resolver.host."registry.example:5000".mirrors.header]
            x-one = "1"
            x-many = ["2", "secret"]
            [[resolver.host."registry.example:5000".mirrors]]
            host = "registry.example:5000"
            insecure = true
            request_timeout_sec = -1
            """);

    List<Endpoint> mirrors =
        loaded.configuration().hosts().mirrors().getOrDefault("registry.example:5000", List.of());
    assertThat(mirrors)
        .extracting(Endpoint::toString)
        .containsExactly("https://mirror.example", "http://registry.example:5000");
    assertThat(mirrors.getFirst().options().timeout()).contains(Duration.ofMinutes(1));
    assertThat(mirrors.getFirst().options().headers())
        .isEqualTo(Map.of("x-one", List.of("1"), "x-many", List.of("2", "secret")));
    assertThat(mirrors.getLast().options().timeout()).contains(Duration.ofDays(1));
    assertThat(loaded.warnings()).isEmpty();
    assertThat(EffectiveText.of(loaded, Optional.empty()))
        .contains("host = \"mirror.example\"", "# header x-many is set")
        .doesNotContain("secret");
  }

  @Test
  void load_mirrorsThatAreNone_areNamedWithTheirLines() {
    assertThatThrownBy(() ->
            load(
                """
                [[resolver.host."a.example".mirrors]]
                host = "https://mirror.example/path"
                [[resolver.host."a.example".mirrors]]
                insecure = true
                [[resolver.host."a.example".mirrors]]
                host = "m.example"
                insecure = 3
                request_timeout_sec = "long"
                hots = 1
                """))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(":2: 'https://mirror.example/path' is no host")
        .hasMessageContaining(":3: a mirror of a.example without 'host'")
        .hasMessageContaining(":7: 'insecure' is neither true nor false")
        .hasMessageContaining(":8: 'request_timeout_sec' is not a whole number")
        .hasMessageContaining(":9: unknown key 'resolver.host.a.example.mirrors.hots'");
  }

  @Test
  void load_manyMistakes_areAllNamedWithTheirLines() {
    assertThatThrownBy(() ->
            load(
                """
                alow_no_verification = true
                fetching_timeout_sec = 3
                [blob]
                max_retries = "many"
                min_wait_msec = -1
                [somewhere]
                else = 1
                """))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining(
            ":1: unknown key 'alow_no_verification'; did you mean 'allow_no_verification'?")
        .hasMessageContaining(
            ":2: unknown key 'fetching_timeout_sec'; did you mean 'blob.fetching_timeout_sec'?")
        .hasMessageContaining(":4: 'blob.max_retries' is not a whole number")
        .hasMessageContaining(":5: 'blob.min_wait_msec' is -1, not 0 to ")
        .hasMessageContaining(":7: unknown key 'somewhere.else'");
  }

  @Test
  void load_noToml_namesTheLine() {
    assertThatThrownBy(() -> load("a = 1\nb = = 2\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("config.toml:2: ");
  }
}
