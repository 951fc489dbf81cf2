package dev.asterism.cli.config;

import java.util.List;
import java.util.stream.Stream;

/// The page that explains every key, in Markdown: `docs/configuration.md`.
public final class Reference {
  private static final String HEAD =
      """
      # The configuration file

      This page is what `asterism config reference` prints: it is made from the program.

      The file is TOML. `asterism daemon` reads `/etc/asterism/config.toml`, or the file that `--config` names; called as `containerd-stargz-grpc` it reads `/etc/containerd-stargz-grpc/config.toml`. Without a file every key has its default. The keys are the stargz snapshotter's, and some more.

          asterism config check FILE      every mistake with its line, and every key without an effect; exit code 1 if the daemon would not start
          asterism config show            each value as it counts, and where it comes from

      A key that does not exist, or a value of another type or out of range, is an error with file, line and the nearest key that exists. Where a number is bytes, seconds, milliseconds or a count, 0 stands for the default.
      """;

  private static final String MIRRORS =
      """

      ## `[[resolver.host."REGISTRY".mirrors]]`

      One table for each mirror, in the order in which they are asked; the registry itself is asked last. `REGISTRY` is the name in image references, `docker.io` for Docker Hub. [operations.md](operations.md#mirrors) says when the next one is asked. A registry that has such tables is not looked for in `resolver.config_path`.

      | key | value | default | what it does |
      | --- | --- | --- | --- |
      | `host` | text | | `HOST` or `HOST:PORT` of the mirror; it must be there |
      | `insecure` | true or false | `false` | it is asked over plain HTTP |
      | `request_timeout_sec` | seconds | `0` | how long it may let a request wait, within what `resolver.request_timeout_sec` allows in all; 0: as that says for a request, below 0: no limit of its own |
      | `header` | table | | headers that go to this mirror, and not to where it redirects: a text or a list of texts each |
      """;

  private static final String OUTSIDE =
      """

      ## Outside the file

      | environment | what it does |
      | --- | --- |
      | `DOCKER_CONFIG` | the directory of docker's `config.json`; else `~/.docker` |
      | `KUBECONFIG` | the kubeconfig, where `kubeconfig_keychain.kubeconfig_path` names none; else `~/.kube/config` |
      | `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY`, or in lower case | how registries are reached; see [operations.md](operations.md#through-a-proxy) |
      | `OTEL_EXPORTER_OTLP_ENDPOINT` and other variables of OpenTelemetry | where traces go; see [operations.md](operations.md#traces) |
      | `NOTIFY_SOCKET` | where systemd is told that the daemon is ready; systemd sets it |
      | `ASTERISM_JAVA_OPTS` | options for the Java that runs the daemon |

      The flags are in `asterism daemon --help`. Called by the name `containerd-stargz-grpc` (a symbolic link to `bin/asterism`), the program takes that one's flags, `--address`, `--config`, `--log-level`, `--root` and `--version`, with its defaults, and logs as JSON.
      """;

  private Reference() {}

  /// Returns the page.
  public static String page() {
    StringBuilder page = new StringBuilder(HEAD);
    page.append("\n## Keys at top level\n\n");
    rows(page, "");
    for (String table : tables()) {
      page.append("\n## `[").append(table).append("]`\n\n");
      rows(page, table);
    }
    page.append(MIRRORS);
    page.append("\n## Keys that change nothing\n\n");
    page.append(
        "They are known, so that a file of the stargz snapshotter can stay as it is; each is a warning at start.\n\n");
    page.append("| key | why |\n| --- | --- |\n");
    for (Key key : Key.values()) {
      if (key.use() != Key.Use.USED) {
        page.append("| `%s` | %s |\n".formatted(key.path(), key.words()));
      }
    }
    return page.append(OUTSIDE).toString();
  }

  private static List<String> tables() {
    return used().map(Key::table).filter(table -> !table.isEmpty()).distinct().toList();
  }

  private static Stream<Key> used() {
    return Stream.of(Key.values()).filter(key -> key.kind().isPresent());
  }

  private static void rows(StringBuilder page, String table) {
    page.append("| key | value | default | what it does |\n| --- | --- | --- | --- |\n");
    used()
        .filter(key -> key.table().equals(table))
        .forEach(key ->
            page.append(
                "| `%s` | %s | `%s` | %s |\n"
                    .formatted(
                        key.lastName(),
                        key.kind().map(Key.Kind::words).orElse(""),
                        key.value(Configuration.DEFAULT),
                        key.words())));
  }
}
