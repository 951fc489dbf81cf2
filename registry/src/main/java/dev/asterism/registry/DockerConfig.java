package dev.asterism.registry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/// Credentials from the file in which `docker login` keeps them.
///
/// A registry's helper of `credHelpers`, else the one of `credsStore`, is asked first; then `auths`
/// counts: per registry `auth` (base64 of `user:password`), `username` and `password`,
/// `identitytoken`. The file is read anew each time, so a login is noticed; without it there are no
/// credentials. Podman's `auth.json` is the same. Thread-safe.
public final class DockerConfig implements Credentials {
  private static final int MAX_FILE = 4 << 20; // 4 MiB

  /// Under which `docker login` keeps the credential of Docker Hub.
  private static final String DOCKER_HUB_KEY = "https://index.docker.io/v1/";

  private static final Duration HELPER_LIMIT = Duration.ofSeconds(10);

  private final Path file;
  private final CredentialHelper helpers;

  /// What the file says.
  private record Content(Map<String, Credential> auths, Map<String, String> helpers, String store) {
    static final Content NOTHING = new Content(Map.of(), Map.of(), "");
  }

  /// @param file usually `~/.docker/config.json`
  public DockerConfig(Path file) {
    this(
        file,
        new CredentialHelper(
            HELPER_LIMIT,
            InstantSource.system(),
            Optional.ofNullable(System.getenv("PATH")).orElse("")));
  }

  DockerConfig(Path file, CredentialHelper helpers) {
    this.file = file;
    this.helpers = helpers;
  }

  /// @throws IOException if there is a file that cannot be read or is no JSON, or a helper cannot
  ///   be asked and the file itself has nothing; nothing of their content is in the message
  @Override
  public Optional<Credential> find(String host) throws IOException {
    Content content = read();
    Optional<Credential> plain =
        names(host).stream()
            .map(DockerConfig::plain)
            .filter(content.auths()::containsKey)
            .findFirst()
            .map(content.auths()::get);
    String helper =
        names(host).stream()
            .map(DockerConfig::plain)
            .filter(content.helpers()::containsKey)
            .findFirst()
            .map(content.helpers()::get)
            .orElse(content.store());
    if (helper.isEmpty()) {
      return plain;
    }
    try {
      return helpers.find(helper, names(host).getFirst()).or(() -> plain);
    } catch (IOException e) {
      if (plain.isPresent()) {
        return plain;
      }
      throw e;
    }
  }

  @Override
  public void refused(String host) {
    helpers.forget();
  }

  /// Returns the names under which docker knows a registry; the first one is its own.
  private static List<String> names(String host) {
    return host.equals(ImageReference.DOCKER_HUB)
        ? List.of(DOCKER_HUB_KEY, "index.docker.io", host, Endpoint.DOCKER_HUB_AUTHORITY)
        : List.of(host, "https://" + host, "http://" + host);
  }

  /// Tells whether a server address means a registry.
  static boolean isFor(String address, String host) {
    return names(host).stream().map(DockerConfig::plain).anyMatch(plain(address)::equals);
  }

  /// Keys are hosts, or addresses with a path that means nothing.
  private static String plain(String key) {
    int scheme = key.indexOf("://");
    String rest = scheme < 0 ? key : key.substring(scheme + 3);
    int slash = rest.indexOf('/');
    return slash < 0 ? rest : rest.substring(0, slash);
  }

  private Content read() throws IOException {
    byte[] bytes;
    try {
      if (Files.size(file) > MAX_FILE) {
        throw new IOException("%s: longer than %d bytes".formatted(file, MAX_FILE));
      }
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException _) {
      return Content.NOTHING;
    }
    try (JsonParser json = JsonObject.JSON.createParser(ObjectReadContext.empty(), bytes)) {
      return content(json);
    } catch (JacksonException _) {
      throw new IOException(file + ": not JSON"); // the cause would quote the file
    }
  }

  private static Content content(JsonParser json) {
    Map<String, Credential> auths = new HashMap<>();
    Map<String, String> helpers = new HashMap<>();
    String store = "";
    if (json.nextToken() != JsonToken.START_OBJECT) {
      return Content.NOTHING;
    }
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = json.currentName();
      JsonToken value = json.nextToken();
      if (name.equals("auths") && value == JsonToken.START_OBJECT) {
        auths(json, auths);
      } else if (name.equals("credHelpers") && value == JsonToken.START_OBJECT) {
        strings(json).forEach((key, helper) -> helpers.putIfAbsent(plain(key), helper));
      } else if (name.equals("credsStore") && value == JsonToken.VALUE_STRING) {
        store = json.getString();
      } else {
        json.skipChildren();
      }
    }
    return new Content(auths, helpers, store);
  }

  private static void auths(JsonParser json, Map<String, Credential> found) {
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String key = plain(json.currentName());
      if (json.nextToken() == JsonToken.START_OBJECT) {
        credential(strings(json)).ifPresent(credential -> found.putIfAbsent(key, credential));
      } else {
        json.skipChildren();
      }
    }
  }

  static Map<String, String> strings(JsonParser json) {
    Map<String, String> members = new HashMap<>();
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String name = json.currentName();
      if (json.nextToken() == JsonToken.VALUE_STRING) {
        members.put(name, json.getString());
      } else {
        json.skipChildren();
      }
    }
    return members;
  }

  static Optional<Credential> credential(Map<String, String> entry) {
    String identity = entry.getOrDefault("identitytoken", "");
    if (!identity.isEmpty()) {
      return Optional.of(new Credential.IdentityToken(identity));
    }
    String user = entry.getOrDefault("username", "");
    String password = entry.getOrDefault("password", "");
    if (!user.isEmpty() && !password.isEmpty()) {
      return Optional.of(new Credential.Basic(user, password));
    }
    return pair(entry.getOrDefault("auth", ""));
  }

  private static Optional<Credential> pair(String base64) {
    String pair;
    try {
      pair = new String(Base64.getDecoder().decode(base64), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
    int colon = pair.indexOf(':');
    return colon <= 0
        ? Optional.empty()
        : Optional.of(
            new Credential.Basic(
                pair.substring(0, colon), pair.substring(colon + 1).replace("\0", "")));
  }
}
