package dev.asterism.registry;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
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
/// Reads the member `auths`: per registry `auth` (base64 of `user:password`), `username` and
/// `password`, `identitytoken`. Credential helpers are not asked. The file is read anew each time,
/// so a login is noticed; without it there are no credentials. Thread-safe.
public final class DockerConfig implements Credentials {
  private static final int MAX_FILE = 4 << 20; // 4 MiB

  /// Under which `docker login` keeps the credential of Docker Hub.
  private static final String DOCKER_HUB_KEY = "https://index.docker.io/v1/";

  private final Path file;

  /// @param file usually `~/.docker/config.json`
  public DockerConfig(Path file) {
    this.file = file;
  }

  /// @throws IOException if there is a file that cannot be read or is no JSON; nothing of its
  ///   content is in the message
  @Override
  public Optional<Credential> find(String host) throws IOException {
    Map<String, Credential> found = read();
    List<String> keys =
        host.equals(ImageReference.DOCKER_HUB)
            ? List.of(DOCKER_HUB_KEY, "index.docker.io", host, Endpoint.DOCKER_HUB_AUTHORITY)
            : List.of(host, "https://" + host, "http://" + host);
    return keys.stream()
        .map(DockerConfig::plain)
        .filter(found::containsKey)
        .findFirst()
        .map(found::get);
  }

  /// Keys are hosts, or addresses with a path that means nothing.
  private static String plain(String key) {
    int scheme = key.indexOf("://");
    String rest = scheme < 0 ? key : key.substring(scheme + 3);
    int slash = rest.indexOf('/');
    return slash < 0 ? rest : rest.substring(0, slash);
  }

  private Map<String, Credential> read() throws IOException {
    byte[] bytes;
    try {
      if (Files.size(file) > MAX_FILE) {
        throw new IOException("%s: longer than %d bytes".formatted(file, MAX_FILE));
      }
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException _) {
      return Map.of();
    }
    try (JsonParser json = JsonObject.JSON.createParser(ObjectReadContext.empty(), bytes)) {
      return auths(json);
    } catch (JacksonException _) {
      throw new IOException(file + ": not JSON"); // the cause would quote the file
    }
  }

  private static Map<String, Credential> auths(JsonParser json) {
    Map<String, Credential> found = new HashMap<>();
    if (json.nextToken() != JsonToken.START_OBJECT) {
      return found;
    }
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      boolean isAuths = json.currentName().equals("auths");
      if (json.nextToken() != JsonToken.START_OBJECT || !isAuths) {
        json.skipChildren();
        continue;
      }
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String key = plain(json.currentName());
        if (json.nextToken() == JsonToken.START_OBJECT) {
          credential(strings(json)).ifPresent(credential -> found.putIfAbsent(key, credential));
        } else {
          json.skipChildren();
        }
      }
    }
    return found;
  }

  private static Map<String, String> strings(JsonParser json) {
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

  private static Optional<Credential> credential(Map<String, String> entry) {
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
