package dev.asterism.registry;

import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/// A secret of Kubernetes of type `kubernetes.io/dockerconfigjson`. Immutable; never printed.
///
/// @param name with its namespace: `NAMESPACE/NAME`
/// @param logins by what they are for: a host, or a host and the beginning of repositories' names
record PullSecret(String name, Map<String, Credential> logins) {
  /// The type; what the field selector asks for.
  static final String TYPE = "kubernetes.io/dockerconfigjson";

  private static final String KEY = ".dockerconfigjson";
  private static final int MAX_LOGINS = 256; // of one secret

  PullSecret {
    logins = Map.copyOf(logins);
  }

  /// Returns the login for a repository with the length of what names it, the longest of several;
  /// empty for none.
  Optional<Match> find(String host, String repository) {
    Match best = null;
    for (Map.Entry<String, Credential> login : logins.entrySet()) {
      int slash = login.getKey().indexOf('/');
      String path = slash < 0 ? "" : login.getKey().substring(slash + 1);
      boolean fits =
          DockerConfig.isFor(login.getKey(), host)
              && (path.isEmpty() || (repository + "/").startsWith(path + "/"));
      if (fits && (best == null || path.length() > best.length())) {
        best = new Match(path.length(), login.getValue());
      }
    }
    return Optional.ofNullable(best);
  }

  /// A login that fits. Immutable.
  ///
  /// @param length of the part of the repository's name that it is for; 0 for the whole registry
  record Match(int length, Credential credential) {}

  /// What stands in one secret's JSON. Immutable; never printed.
  ///
  /// @param version its `resourceVersion`; empty where it has none
  /// @param code of a `Status`, which stands where a secret should when something went wrong; 0 for
  ///   none
  record Reading(PullSecret secret, String version, int code) {}

  /// Reads the object at whose beginning the parser stands, to its end. What cannot be used of its
  /// logins is left out.
  ///
  /// @throws JacksonException if it is no JSON, or nested or long beyond measure
  static Reading read(JsonParser json) {
    String namespace = "";
    String name = "";
    String version = "";
    int code = 0;
    Map<String, Credential> logins = Map.of();
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String field = json.currentName();
      JsonToken value = json.nextToken();
      if (field.equals("metadata") && value == JsonToken.START_OBJECT) {
        Map<String, String> metadata = DockerConfig.strings(json);
        namespace = metadata.getOrDefault("namespace", "");
        name = metadata.getOrDefault("name", "");
        version = metadata.getOrDefault("resourceVersion", "");
      } else if (field.equals("data") && value == JsonToken.START_OBJECT) {
        logins = logins(DockerConfig.strings(json).getOrDefault(KEY, ""));
      } else if (field.equals("code") && value == JsonToken.VALUE_NUMBER_INT) {
        code = json.getIntValue();
      } else {
        json.skipChildren();
      }
    }
    return new Reading(new PullSecret(namespace + "/" + name, logins), version, code);
  }

  private static Map<String, Credential> logins(String base64) {
    Map<String, Credential> found = new HashMap<>();
    try (JsonParser json =
        JsonObject.JSON.createParser(
            ObjectReadContext.empty(), Base64.getDecoder().decode(base64))) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        return Map.of();
      }
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        boolean auths = json.currentName().equals("auths");
        if (json.nextToken() == JsonToken.START_OBJECT && auths) {
          readLogins(json, found);
        } else {
          json.skipChildren();
        }
      }
    } catch (IllegalArgumentException | JacksonException _) {
      return found; // as kubelet does: what is no login is none
    }
    return found;
  }

  private static void readLogins(JsonParser json, Map<String, Credential> found) {
    while (json.nextToken() == JsonToken.PROPERTY_NAME) {
      String place = plain(json.currentName());
      if (json.nextToken() == JsonToken.START_OBJECT) {
        Optional<Credential> login = DockerConfig.credential(DockerConfig.strings(json));
        if (login.isPresent() && found.size() < MAX_LOGINS) {
          found.putIfAbsent(place, login.get());
        }
      } else {
        json.skipChildren();
      }
    }
  }

  /// Takes away what says nothing: a scheme, slashes, and the versions that `docker login` writes.
  private static String plain(String key) {
    int scheme = key.indexOf("://");
    String rest = scheme < 0 ? key : key.substring(scheme + 3);
    while (rest.endsWith("/")) {
      rest = rest.substring(0, rest.length() - 1);
    }
    return rest.endsWith("/v1") || rest.endsWith("/v2")
        ? rest.substring(0, rest.length() - 3)
        : rest;
  }

  @Override
  public String toString() {
    return "PullSecret[%s]".formatted(name);
  }
}
