package dev.asterism.cli.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every key of the list: the used ones have an effect, the others are named.
class KeysTest {
  /// Another value than the default, as it is written and as it is shown.
  private static final Map<Key.Kind, String> OTHER =
      Map.of(
          Key.Kind.COUNT, "7",
          Key.Kind.BYTES, "4096",
          Key.Kind.SECONDS, "17",
          Key.Kind.MILLISECONDS, "1700",
          Key.Kind.LIMIT, "\"123456\"");

  private static final Map<Key, String> TEXTS =
      Map.of(
          Key.AUTH_FILE, "\"/etc/auth.json\"",
          Key.KUBECONFIG_PATH, "\"/etc/kubernetes/config.conf\"",
          Key.CRI_SERVICE, "\"/run/cri.sock\"",
          Key.CRI_LISTEN, "\"/run/listen.sock\"",
          Key.CONFIG_PATH, "\"/etc/one:/etc/two\"",
          Key.OUTAGE_MODE, "\"wait\"",
          Key.SCOPE, "\"namespace\"",
          Key.METRICS_ADDRESS, "\"127.0.0.1:8234\"",
          Key.DEBUG_ADDRESS, "\"/run/debug.sock\"");

  @TempDir private Path temporary;

  private ConfigurationFile.Loaded load(String text) throws Exception {
    return ConfigurationFile.load(Files.writeString(temporary.resolve("config.toml"), text));
  }

  @ParameterizedTest
  @EnumSource(Key.class)
  void load_oneKey_countsOrIsNamedWithItsReason(Key key) throws Exception {
    if (key.kind().isPresent()) {
      String other = otherThanDefault(key);

      ConfigurationFile.Loaded loaded = load(key.path() + " = " + other + "\n");

      assertThat(key.value(Configuration.DEFAULT)).isNotEqualTo(other);
      assertThat(key.value(loaded.configuration())).isEqualTo(other);
      assertThat(loaded.warnings()).isEmpty();
      assertThat(loaded.lines()).containsEntry(key.path(), 1);
    } else if (key.use() != Key.Use.USED) {
      String path = key.path().replace("*", "\"registry.example\"");
      assertThat(load(path + " = " + right(key) + "\n").warnings())
          .singleElement()
          .asString()
          .contains("config.toml:1: ", key.words());
    }
  }

  /// Whether the key changes anything or not.
  @ParameterizedTest
  @EnumSource(Key.class)
  void load_oneKeyOfAnotherType_isRefusedWithItsLine(Key key) {
    String path = key.path().replace("*", "\"registry.example\"");
    for (String wrong : List.of("1979-05-27", "[1]", "1.5")) {
      assertThatThrownBy(() -> load("\n" + path + " = " + wrong + "\n"))
          .as("%s = %s", path, wrong)
          .isInstanceOf(ConfigurationException.class)
          .hasMessageContaining("config.toml:2: ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[resolver.host.y]\nmirrors = 3",
        "[resolver.host.y]\nmirrors = [3]",
        "[resolver.host.y]\nmirrors = {host = \"m\"}",
        "[[resolver.host.y.mirrors]]\nhost = 3",
        "[[resolver.host.y.mirrors]]\nhost = \"m\"\ninsecure = 3",
        "[[resolver.host.y.mirrors]]\nhost = \"m\"\nheader = 3",
        "[[resolver.host.y.mirrors]]\nhost = \"m\"\nheader = {a = [3]}",
        "ipfs = 3",
        "metadata_store = true",
        "[fuse_manager]\nenable = \"yes\"",
        "[blob]\nchunk_size = \"50000\""
      })
  void load_valuesThatCannotBe_areRefusedWithTheirLine(String text) {
    assertThatThrownBy(() -> load(text + "\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageMatching("(?s).*config\\.toml:[1-3]: .*");
  }

  /// Of the snapshotter that is built into containerd.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'root_path = \"/x\"' | --root",
        "'cri_keychain_image_service_path = \"/x\"' | cri_keychain.image_service_path",
        "'[registry]\nconfig_path = \"/x\"' | resolver.config_path",
        "'[registry.mirrors.\"r.example\"]\nendpoint = [\"https://m.example\"]' | resolver.config_path",
        "'[registry.configs.\"r.example\".auth]\npassword = \"a-secret\"' | resolver.auth_file"
      })
  void load_keyOfTheBuiltinPlugin_isRefusedWithWhatIsInstead(String text, String instead) {
    assertThatThrownBy(() -> load(text + "\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("unknown key '")
        .hasMessageContaining("built into containerd")
        .hasMessageContaining(instead)
        .hasMessageNotContaining("a-secret");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "resolver.auth_file = \"/x\\u0000y\"",
        "resolver.config_path = \"/x:/y\\u0000\"",
        "debug_address = \"/x\\u0000\""
      })
  void load_pathThatIsNone_isRefusedWithItsLine(String text) {
    assertThatThrownBy(() -> load(text + "\n"))
        .isInstanceOf(ConfigurationException.class)
        .hasMessageContaining("config.toml:1: ")
        .hasMessageContaining("is no path");
  }

  private static String right(Key key) {
    return switch (key.form().orElseThrow()) {
      case BOOLEAN -> "true";
      case TEXT -> "\"text\"";
      default -> "1";
    };
  }

  private static String otherThanDefault(Key key) {
    Key.Kind kind = key.kind().orElseThrow();
    return switch (kind) {
      case BOOLEAN -> key.value(Configuration.DEFAULT).equals("true") ? "false" : "true";
      case TEXT -> TEXTS.getOrDefault(key, "\"a value for " + key + " is missing here\"");
      default -> OTHER.getOrDefault(kind, "");
    };
  }

  @Test
  void load_noPrometheus_takesTheAddressAway() throws Exception {
    String address = "metrics_address = \"127.0.0.1:8234\"\n";
    assertThat(load(address).configuration().endpoints().scraped()).isPresent();
    assertThat(load(address + "no_prometheus = true\n").configuration().endpoints().scraped())
        .isEmpty();
  }

  /// The tables and keys that the stargz snapshotter's own documentation and scripts show.
  @ParameterizedTest
  @ValueSource(
      strings = {
        "[cri_keychain]\nenable_keychain = true\nimage_service_path = \"/run/containerd/containerd.sock\"",
        "[kubeconfig_keychain]\nenable_keychain = true\nkubeconfig_path = \"/etc/kubernetes/snapshotter/config.conf\"",
        "[fuse_manager]\nenable = true\naddress = \"/run/containerd-stargz-grpc/fuse-manager.sock\"\npath = \"/usr/local/bin/stargz-fuse-manager\"",
        "[[resolver.host.\"exampleregistry.io\".mirrors]]\nhost = \"mirrorhost.io\"\ninsecure = true\nrequest_timeout_sec = 60\n[[resolver.host.\"exampleregistry.io\".mirrors]]\nhost = \"exampleregistry.io\"\ninsecure = true",
        "[[resolver.host.\"registry2:5000\".mirrors]]\nhost = \"registry2:5000\"\n[resolver.host.\"registry2:5000\".mirrors.header]\nx-custom-2 = [\"value3\", \"value4\"]",
        "[resolver]\nrequest_timeout_sec = 300",
        "metadata_store = \"db\"",
        "[fuse]\npassthrough = true",
        "[directory_cache]\ndirect = true",
        "[[resolver.host.\"docker.io\".mirrors]]\nhost = \"127.0.0.1:65001\"\ninsecure = true\n[resolver.host.\"docker.io\".mirrors.header]\nX-Dragonfly-Registry = [\"https://index.docker.io\"]",
        "ipfs = true",
        "noprefetch = true\ndebug_address = \"/run/containerd-stargz-grpc/debug.sock\"",
        "metadata_store = \"memory\"\nipfs = true\n[fuse]\npassthrough = false\n[blob]\ncheck_always = true\nmax_retries = 1\n[[resolver.host.\"registry-integration.test\".mirrors]]\nhost = \"registry-alt.test:5000\"\ninsecure = true",
        "metrics_address = \"127.0.0.1:8234\"\ndisable_verification = true\nipfs = true\n[[resolver.host.\"registry2:5000\".mirrors]]\nhost = \"registry2:5000\"\ninsecure = true\n[directory_cache]\ndirect = true\n[snapshotter]\nallow_invalid_mounts_on_restart = true"
      })
  void load_documentedFiles_start(String text) throws Exception {
    ConfigurationFile.Loaded loaded = load(text + "\n");
    assertThat(loaded.lines()).isNotEmpty();
  }

  static Stream<Key> used() {
    return Stream.of(Key.values()).filter(key -> key.kind().isPresent());
  }

  @Test
  void show_fileThatSetsSome_namesItsLines() throws Exception {
    Path file = Files.writeString(temporary.resolve("c.toml"), "\n[blob]\nmax_retries = 9\n");

    String shown = EffectiveText.of(ConfigurationFile.load(file), Optional.of(file));

    assertThat(shown)
        .containsPattern("(?m)^max_retries = 9 +# " + file + ":3$")
        .containsPattern("(?m)^min_wait_msec = 30 +# default$")
        .contains("\n[directory_cache]\n");
    used().forEach(key -> assertThat(shown).contains(key.lastName() + " = "));
    // What is shown is a file by itself, and says the same.
    assertThat(load(shown).configuration()).isEqualTo(ConfigurationFile.load(file).configuration());
  }

  @Test
  void reference_pageInTheDocumentation_isTheProgramsOwn() throws Exception {
    Path page = Path.of("..", "docs", "configuration.md");
    assertThat(Files.readString(page))
        .as("written by: asterism config reference > docs/configuration.md")
        .isEqualTo(Reference.page());
  }
}
