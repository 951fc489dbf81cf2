package dev.asterism.registry;

import dev.asterism.registry.Endpoint.Capability;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.tomlj.Toml;
import org.tomlj.TomlArray;
import org.tomlj.TomlInvalidTypeException;
import org.tomlj.TomlParseResult;
import org.tomlj.TomlTable;

/// Reads containerd's `hosts.toml`: where one registry's content comes from.
///
/// As containerd's documentation of registry hosts has it: `server`, and for it or for each
/// `[host."URL"]` the keys `capabilities`, `ca`, `client`, `skip_verify`, `header`,
/// `override_path`, `dial_timeout`. Keys that are not known are left alone, as there. Confined to
/// one thread.
final class HostsFile {
  private static final int MAX_SIZE = 1 << 20; // 1 MiB
  private static final int MAX_HOSTS = 64;

  private final Path file;

  private HostsFile(Path file) {
    this.file = file;
  }

  /// Returns the endpoints, mirrors in the order of the file, the server last.
  ///
  /// @param registry whose file it is: it is its own server where the file names none
  /// @throws RegistryException if it is no TOML, or something in it cannot be; names file and line
  static List<Endpoint> read(Path file, String registry) throws IOException {
    if (Files.size(file) > MAX_SIZE) {
      throw RegistryException.unusable(file.toString(), "longer than %d bytes".formatted(MAX_SIZE));
    }
    TomlParseResult toml = Toml.parse(Files.readString(file, StandardCharsets.UTF_8));
    if (toml.hasErrors()) {
      var error = toml.errors().getFirst();
      throw RegistryException.unusable(
          file + ":" + error.position().line(), String.valueOf(error.getMessage()));
    }
    return new HostsFile(file).endpoints(toml, registry);
  }

  private List<Endpoint> endpoints(TomlParseResult toml, String registry) throws IOException {
    try {
      List<Endpoint> endpoints = new ArrayList<>();
      TomlTable hosts = toml.getTable(List.of("host"));
      if (hosts != null) {
        if (hosts.size() > MAX_HOSTS) {
          throw wrong(0, "more than %d hosts".formatted(MAX_HOSTS));
        }
        for (String url : inOrder(toml, hosts)) {
          TomlTable table = hosts.getTable(List.of(url));
          endpoints.add(endpoint(url, table == null ? toml : table, line(toml, url)));
        }
      }
      String server = toml.getString(List.of("server"));
      endpoints.add(server(server == null ? "" : server, toml, registry));
      return endpoints;
    } catch (TomlInvalidTypeException e) {
      throw RegistryException.unusable(
          file.toString(), "a value of the wrong type: " + e.getMessage());
    }
  }

  private static List<String> inOrder(TomlParseResult toml, TomlTable hosts) {
    return hosts.keySet().stream().sorted(Comparator.comparingInt(url -> line(toml, url))).toList();
  }

  private static int line(TomlParseResult toml, String url) {
    return Optional.ofNullable(toml.inputPositionOf(List.of("host", url)))
        .map(position -> position.line())
        .orElse(0);
  }

  /// The registry itself, where `server` is not set or is its own name.
  private Endpoint server(String url, TomlTable table, String registry) throws IOException {
    if (url.isEmpty()) {
      Endpoint source = Hosts.source(registry);
      return new Endpoint(source.scheme(), source.authority(), source.path(), options(table, 0));
    }
    return endpoint(
        url.equals("docker.io") || url.equals("https://docker.io")
            ? "https://" + Endpoint.DOCKER_HUB_AUTHORITY
            : url,
        table,
        0);
  }

  private Endpoint endpoint(String url, TomlTable table, int line) throws IOException {
    int scheme = url.indexOf("://");
    String rest = (scheme < 0 ? url : url.substring(scheme + 3)).replaceAll("/+$", "");
    int slash = rest.indexOf('/');
    String authority = slash < 0 ? rest : rest.substring(0, slash);
    String path = slash < 0 ? "" : rest.substring(slash);
    boolean asItIs = Boolean.TRUE.equals(table.getBoolean(List.of("override_path")));
    try {
      return new Endpoint(
          scheme < 0 ? Endpoint.isLoopback(authority) ? "http" : "https" : url.substring(0, scheme),
          authority,
          asItIs || path.endsWith("/v2") ? path : path + "/v2",
          options(table, line));
    } catch (IllegalArgumentException e) {
      throw wrong(line, "host '%s': %s".formatted(url, e.getMessage()));
    }
  }

  private Endpoint.Options options(TomlTable table, int line) throws IOException {
    Optional<Duration> dial = Optional.empty();
    String text = table.getString(List.of("dial_timeout"));
    if (text != null) {
      dial = GoDuration.parse(text);
      if (dial.isEmpty()) {
        throw wrong(line, "dial_timeout '%s' is no duration such as \"3s\"".formatted(text));
      }
    }
    TlsFiles tls =
        new TlsFiles(
            paths(strings(table.get(List.of("ca")))),
            clients(table.get(List.of("client")), line),
            Boolean.TRUE.equals(table.getBoolean(List.of("skip_verify"))));
    return new Endpoint.Options(
        capabilities(table, line), headers(table), Optional.empty(), dial, tls);
  }

  private Set<Capability> capabilities(TomlTable table, int line) throws IOException {
    List<String> names = strings(table.get(List.of("capabilities")));
    if (names.isEmpty()) {
      return EnumSet.allOf(Capability.class);
    }
    Set<Capability> capabilities = EnumSet.noneOf(Capability.class);
    for (String name : names) {
      switch (name) {
        case "pull" -> capabilities.add(Capability.PULL);
        case "resolve" -> capabilities.add(Capability.RESOLVE);
        case "push" -> capabilities.add(Capability.PUSH);
        default ->
            throw wrong(line, "capability '%s' is not pull, resolve or push".formatted(name));
      }
    }
    return capabilities;
  }

  private static Map<String, List<String>> headers(TomlTable table) {
    Map<String, List<String>> headers = new HashMap<>();
    TomlTable named = table.getTable(List.of("header"));
    if (named != null) {
      named.keySet().forEach(name -> headers.put(name, strings(named.get(List.of(name)))));
    }
    return headers;
  }

  /// `client` is a file with both, a list of such files, or a list of pairs.
  private List<TlsFiles.Client> clients(@Nullable Object value, int line) throws IOException {
    List<TlsFiles.Client> clients = new ArrayList<>();
    if (value instanceof TomlArray pairs && !pairs.isEmpty() && pairs.get(0) instanceof TomlArray) {
      for (int i = 0; i < pairs.size(); i++) {
        List<String> pair = strings(pairs.get(i));
        if (pair.isEmpty() || pair.size() > 2) {
          throw wrong(line, "client is not a list of [certificate, key]");
        }
        clients.add(new TlsFiles.Client(path(pair.getFirst()), path(pair.getLast())));
      }
      return clients;
    }
    for (String one : strings(value)) {
      clients.add(new TlsFiles.Client(path(one), path(one)));
    }
    return clients;
  }

  /// A string, or a list of them.
  private static List<String> strings(@Nullable Object value) {
    return switch (value) {
      case String one -> List.of(one);
      case TomlArray many -> many.toList().stream().map(String::valueOf).toList();
      case null, default -> List.of();
    };
  }

  private List<Path> paths(List<String> names) throws RegistryException {
    List<Path> paths = new ArrayList<>();
    for (String name : names) {
      paths.add(path(name));
    }
    return paths;
  }

  /// A relative path is looked for beside the file.
  private Path path(String name) throws RegistryException {
    try {
      return file.resolveSibling(name);
    } catch (InvalidPathException e) {
      throw wrong(0, "a name of a file that is none: " + e.getReason());
    }
  }

  private RegistryException wrong(int line, String why) {
    return RegistryException.unusable(line == 0 ? file.toString() : file + ":" + line, why);
  }
}
