package dev.asterism.registry;

import dev.asterism.content.Digest;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/// What a registry serves as a manifest: that of an image, or an index of several. Immutable.
sealed interface Manifest {
  /// Media types that are understood (OCI image spec; Docker image manifest V2, schema 2).
  List<String> IMAGE_TYPES =
      List.of(
          "application/vnd.oci.image.manifest.v1+json",
          "application/vnd.docker.distribution.manifest.v2+json");

  List<String> INDEX_TYPES =
      List.of(
          "application/vnd.oci.image.index.v1+json",
          "application/vnd.docker.distribution.manifest.list.v2+json");

  /// The manifest of one image.
  record OfImage(Descriptor config, List<Descriptor> layers) implements Manifest {
    public OfImage {
      layers = List.copyOf(layers);
    }
  }

  /// Manifests to choose from by platform.
  record Index(List<Entry> entries) implements Manifest {
    public Index {
      entries = List.copyOf(entries);
    }

    /// Returns the entry for `platform`: the first that names it, else the first that names none.
    Optional<Descriptor> find(Platform platform) {
      return entries.stream()
          .filter(entry -> entry.platform().equals(Optional.of(platform)))
          .findFirst()
          .or(() -> entries.stream().filter(entry -> entry.platform().isEmpty()).findFirst())
          .map(Entry::manifest);
    }
  }

  /// One row of an index.
  record Entry(Descriptor manifest, Optional<Platform> platform) {}

  /// Reads a manifest.
  ///
  /// @param contentType media type that the answer was declared as; lower case, without parameters
  /// @throws RegistryException if it is none, or could be read as image and index both
  static Manifest parse(String what, String contentType, byte[] bytes) throws RegistryException {
    if (contentType.startsWith("application/vnd.docker.distribution.manifest.v1")) {
      throw RegistryException.unusable(
          what, "Docker image manifest schema 1, which is not supported: push the image again");
    }
    Parser parser = new Parser(what);
    try (JsonParser json = JsonObject.JSON.createParser(ObjectReadContext.empty(), bytes)) {
      parser.document(json);
    } catch (JacksonException e) {
      throw RegistryException.unusable(
          what, "the manifest is not JSON: " + e.getOriginalMessage(), e);
    }
    return parser.finish(contentType);
  }

  /// Collects the members that count; others are skipped.
  final class Parser {
    private final String what;
    private final List<Descriptor> layers = new ArrayList<>();
    private final List<Entry> entries = new ArrayList<>();
    private Optional<Descriptor> config = Optional.empty();
    private String mediaType = "";
    private boolean hasLayers;
    private boolean hasEntries;

    private Parser(String what) {
      this.what = what;
    }

    private void document(JsonParser json) throws RegistryException {
      require(json.nextToken() == JsonToken.START_OBJECT, "the manifest is no JSON object");
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        switch (name) {
          case "mediaType" -> mediaType = string(json, "mediaType");
          case "config" -> config = Optional.of(entry(json).manifest());
          case "layers" -> {
            hasLayers = value != JsonToken.VALUE_NULL;
            for (Entry entry : entries(json)) {
              layers.add(entry.manifest());
            }
          }
          case "manifests" -> {
            hasEntries = value != JsonToken.VALUE_NULL;
            entries.addAll(entries(json));
          }
          default -> json.skipChildren();
        }
      }
    }

    private List<Entry> entries(JsonParser json) throws RegistryException {
      List<Entry> found = new ArrayList<>();
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return found;
      }
      require(json.currentToken() == JsonToken.START_ARRAY, "a list of descriptors is no array");
      while (json.nextToken() != JsonToken.END_ARRAY) {
        found.add(entry(json));
      }
      return found;
    }

    private Entry entry(JsonParser json) throws RegistryException {
      require(json.currentToken() == JsonToken.START_OBJECT, "a descriptor is no JSON object");
      String type = "";
      String digest = "";
      long size = -1;
      Map<String, String> annotations = Map.of();
      Optional<Platform> platform = Optional.empty();
      while (json.nextToken() == JsonToken.PROPERTY_NAME) {
        String name = json.currentName();
        JsonToken value = json.nextToken();
        switch (name) {
          case "mediaType" -> type = string(json, name);
          case "digest" -> digest = string(json, name);
          case "size" -> {
            require(value == JsonToken.VALUE_NUMBER_INT, "the size of a descriptor is no number");
            size = json.getLongValue();
          }
          case "annotations" -> annotations = strings(json);
          case "platform" -> platform = platform(strings(json));
          default -> json.skipChildren();
        }
      }
      Optional<Digest> parsed = Digest.find(digest);
      require(parsed.isPresent(), "a descriptor without a SHA-256 digest");
      require(size >= 0, "a descriptor without a size: " + digest);
      return new Entry(new Descriptor(type, parsed.get(), size, annotations), platform);
    }

    private static Optional<Platform> platform(Map<String, String> members) {
      return members.containsKey("os") && members.containsKey("architecture")
          ? Optional.of(
              new Platform(
                  members.getOrDefault("os", ""),
                  members.getOrDefault("architecture", ""),
                  members.getOrDefault("variant", "")))
          : Optional.empty();
    }

    /// Reads an object of strings, or null for an empty one; other members are left out.
    private Map<String, String> strings(JsonParser json) throws RegistryException {
      Map<String, String> members = new HashMap<>();
      if (json.currentToken() == JsonToken.VALUE_NULL) {
        return members;
      }
      require(json.currentToken() == JsonToken.START_OBJECT, "annotations are no JSON object");
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

    private String string(JsonParser json, String name) throws RegistryException {
      require(json.currentToken() == JsonToken.VALUE_STRING, name + " is no string");
      return json.getString();
    }

    /// A document that two readers could take for different things is refused (CVE-2021-41190).
    private Manifest finish(String contentType) throws RegistryException {
      boolean isImage = config.isPresent() || hasLayers;
      require(isImage != hasEntries, "neither an image manifest nor an index, or both");
      for (String type : List.of(contentType, mediaType)) {
        boolean other = (hasEntries ? IMAGE_TYPES : INDEX_TYPES).contains(type);
        require(!other, "declared as %s, which it is not".formatted(type));
      }
      if (hasEntries) {
        return new Index(entries);
      }
      return new OfImage(
          config.orElseThrow(
              () -> RegistryException.unusable(what, "an image manifest without a config")),
          layers);
    }

    private void require(boolean condition, String otherwise) throws RegistryException {
      if (!condition) {
        throw RegistryException.unusable(what, otherwise);
      }
    }
  }
}
