package dev.asterism.registry;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;

/// What a kubeconfig file says of its current context: which API server of Kubernetes it means, and
/// as whom (`v1.Config` of client-go's `clientcmd`). Immutable; never printed.
///
/// @param server `https` or `http`, without a slash at its end
/// @param authority what vouches for the server; empty for the JDK's own
/// @param client certificate and key that say who asks; empty for none
/// @param skipVerify whether the server may be anybody
/// @param login what else says who asks
record Kubeconfig(
    URI server,
    Optional<TlsContexts.Pem> authority,
    Optional<TlsContexts.Client> client,
    boolean skipVerify,
    Login login) {
  private static final int MAX_FILE = 4 << 20; // 4 MiB

  /// What is sent in the header `Authorization`.
  sealed interface Login {
    /// Nothing.
    record None() implements Login {}

    /// A token that stands in the file.
    record Token(String token) implements Login {
      @Override
      public String toString() {
        return "Token[secret]";
      }
    }

    /// A token in a file of its own, which others renew: read anew for each request.
    record TokenFile(Path file) implements Login {}

    /// A user and a password.
    record Password(String user, String password) implements Login {
      @Override
      public String toString() {
        return "Password[secret]";
      }
    }
  }

  /// Reads a file.
  ///
  /// @throws java.nio.file.NoSuchFileException if it is not there
  /// @throws IOException if it cannot be read, or does not say enough, or wants what is not served;
  ///   the message names the file and the field and quotes no value
  static Kubeconfig read(Path file) throws IOException {
    if (Files.size(file) > MAX_FILE) {
      throw new IOException("%s: longer than %d bytes".formatted(file, MAX_FILE));
    }
    Fields all = new Fields(file, "", load(file));
    String name = all.text("current-context");
    if (name.isEmpty()) {
      throw new IOException(file + ": no current-context");
    }
    Fields context = all.named("contexts", name).inner("context");
    Fields cluster = all.named("clusters", context.text("cluster")).inner("cluster");
    Fields user = all.named("users", context.text("user")).inner("user");
    user.refuse("exec", "auth-provider", "as");
    cluster.refuse("proxy-url", "tls-server-name");
    return new Kubeconfig(
        server(file, cluster.text("server")),
        cluster.pem("certificate-authority"),
        client(file, user),
        cluster.text("insecure-skip-tls-verify").equals("true"),
        login(user));
  }

  private static String latin(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }

  private static URI server(Path file, String text) throws IOException {
    try {
      URI server = URI.create(text.endsWith("/") ? text.substring(0, text.length() - 1) : text);
      if (List.of("https", "http").contains(String.valueOf(server.getScheme()))
          && server.getHost() != null
          && server.getQuery() == null) {
        return server;
      }
    } catch (IllegalArgumentException _) {
      // refused below
    }
    throw new IOException(file + ": the cluster's server is no http or https address");
  }

  private static Optional<TlsContexts.Client> client(Path file, Fields user) throws IOException {
    Optional<TlsContexts.Pem> certificate = user.pem("client-certificate");
    Optional<TlsContexts.Pem> key = user.pem("client-key");
    if (certificate.isPresent() != key.isPresent()) {
      throw new IOException(file + ": client-certificate and client-key go together");
    }
    return certificate.map(pem -> new TlsContexts.Client(pem, key.orElseThrow()));
  }

  private static Login login(Fields user) throws IOException {
    // In client-go's order: a file counts before what stands beside it.
    if (!user.text("tokenFile").isEmpty()) {
      return new Login.TokenFile(user.path("tokenFile"));
    }
    if (!user.text("token").isEmpty()) {
      return new Login.Token(user.text("token"));
    }
    if (!user.text("username").isEmpty()) {
      return new Login.Password(user.text("username"), user.text("password"));
    }
    return new Login.None();
  }

  private static Map<?, ?> load(Path file) throws IOException {
    LoadSettings settings =
        LoadSettings.builder()
            .setAllowDuplicateKeys(false)
            .setCodePointLimit(MAX_FILE)
            .setMaxAliasesForCollections(16)
            .build();
    try {
      Object document =
          new Load(settings).loadFromString(Files.readString(file, StandardCharsets.UTF_8));
      if (document instanceof Map<?, ?> map) {
        return map;
      }
    } catch (MarkedYamlEngineException e) {
      throw new IOException(
          "%s: not YAML%s" // the message would quote the file
              .formatted(
                  file,
                  e.getProblemMark()
                      .map(mark -> " at line %d".formatted(mark.getLine() + 1))
                      .orElse("")));
    } catch (YamlEngineException _) {
      throw new IOException(file + ": not YAML that can be read");
    }
    throw new IOException(file + ": no kubeconfig");
  }

  /// Part of the file.
  ///
  /// @param place names it in messages
  private record Fields(Path file, String place, Map<?, ?> values) {
    /// Returns a scalar as it is written; empty if there is none.
    String text(String name) {
      Object value = values.get(name);
      return value == null || value instanceof Map || value instanceof List ? "" : value.toString();
    }

    /// Returns a path, which is relative to the file.
    Path path(String name) throws IOException {
      try {
        return file.toAbsolutePath().resolveSibling(text(name));
      } catch (InvalidPathException e) {
        throw new IOException("%s: %s in %s: %s".formatted(file, name, place, e.getReason()), e);
      }
    }

    Fields inner(String name) throws IOException {
      if (values.get(name) instanceof Map<?, ?> map) {
        return new Fields(file, place + "." + name, map);
      }
      throw new IOException("%s: no %s in %s".formatted(file, name, place));
    }

    /// Returns the element of a list that has this name.
    Fields named(String list, String name) throws IOException {
      if (values.get(list) instanceof List<?> elements) {
        for (Object element : elements) {
          if (element instanceof Map<?, ?> map && name.equals(map.get("name"))) {
            return new Fields(file, list, map);
          }
        }
      }
      throw new IOException("%s: %s has none that the current context names".formatted(file, list));
    }

    void refuse(String... names) throws IOException {
      for (String name : names) {
        if (values.get(name) != null) {
          throw new IOException(
              "%s: %s is not served; use a client certificate or a token (tokenFile is read anew)"
                  .formatted(file, name));
        }
      }
    }

    /// Returns what `NAME-data` has in base64, else the file that `NAME` names.
    Optional<TlsContexts.Pem> pem(String name) throws IOException {
      String data = text(name + "-data");
      if (!data.isEmpty()) {
        String where = "%s (%s-data)".formatted(file, name);
        try {
          return Optional.of(
              new TlsContexts.Pem(where, latin(Base64.getMimeDecoder().decode(data))));
        } catch (IllegalArgumentException _) {
          throw new IOException(where + ": not base64");
        }
      }
      if (text(name).isEmpty()) {
        return Optional.empty();
      }
      Path pem = path(name);
      return Optional.of(new TlsContexts.Pem(pem.toString(), latin(Files.readAllBytes(pem))));
    }
  }

  @Override
  public String toString() {
    return "Kubeconfig[server=%s]".formatted(server);
  }
}
