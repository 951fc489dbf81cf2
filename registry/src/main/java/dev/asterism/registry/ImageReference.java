package dev.asterism.registry;

import dev.asterism.content.Digest;
import java.util.Optional;
import java.util.regex.Pattern;

/// Names an image: a registry host, a repository there, and a tag or a digest or both. Immutable.
///
/// Written as Docker and containerd write it, short forms included: `debian` is
/// `docker.io/library/debian:latest`. Grammar and defaults follow the package `reference` of the
/// distribution project.
///
/// @param host registry as named by users, with its port if it has one, e.g. `docker.io`,
///   `127.0.0.1:5000` or `[::1]:5000`; not necessarily where requests go, see [Hosts]
/// @param repository path below the host, lower case, e.g. `library/debian`
/// @param tag what to resolve when there is no digest
/// @param digest of the manifest or index; wins over the tag
public record ImageReference(
    String host, String repository, Optional<String> tag, Optional<Digest> digest) {
  /// The registry that short names mean.
  public static final String DOCKER_HUB = "docker.io";

  /// Characters of host and repository together (distribution, `NameTotalLengthMax`).
  private static final int MAX_NAME = 255;

  /// Longest text worth looking at: name, tag of 128, digest of 71 and their separators.
  private static final int MAX_TEXT = MAX_NAME + 1 + 128 + 1 + 71;

  private static final Pattern HOST =
      Pattern.compile(
          "(?:[A-Za-z0-9](?:[A-Za-z0-9-]*+)(?:\\.[A-Za-z0-9][A-Za-z0-9-]*+)*+|\\[[0-9a-fA-F:.]+])"
              + "(?::[0-9]{1,5})?");
  private static final Pattern REPOSITORY =
      Pattern.compile(
          "[a-z0-9]++(?:(?:\\.|__?|-+)[a-z0-9]++)*+(?:/[a-z0-9]++(?:(?:\\.|__?|-+)[a-z0-9]++)*+)*+");
  private static final Pattern TAG = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}");

  /// @throws IllegalArgumentException if a part breaks the grammar, or there is neither tag nor
  ///   digest
  public ImageReference {
    if (!HOST.matcher(host).matches()) {
      throw new IllegalArgumentException("not a registry host: '%s'".formatted(host));
    }
    if (!REPOSITORY.matcher(repository).matches()) {
      throw new IllegalArgumentException(
          "not a repository: '%s' (lower-case letters, digits and single separators)"
              .formatted(repository));
    }
    if (host.length() + 1 + repository.length() > MAX_NAME) {
      throw new IllegalArgumentException(
          "image name longer than %d characters: '%s/%s'".formatted(MAX_NAME, host, repository));
    }
    if (tag.isPresent() && !TAG.matcher(tag.get()).matches()) {
      throw new IllegalArgumentException("not a tag: '%s'".formatted(tag.get()));
    }
    if (tag.isEmpty() && digest.isEmpty()) {
      throw new IllegalArgumentException(
          "neither tag nor digest: '%s/%s'".formatted(host, repository));
    }
  }

  /// Reads a reference as a user or containerd writes it.
  ///
  /// Without a host it means Docker Hub, without tag and digest the tag `latest`.
  ///
  /// @throws IllegalArgumentException if it is none; the message says which part is wrong
  public static ImageReference parse(String text) {
    if (text.isEmpty() || text.length() > MAX_TEXT) {
      throw new IllegalArgumentException(
          "not an image reference: %d characters (1 to %d)".formatted(text.length(), MAX_TEXT));
    }
    try {
      return parseBounded(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "not an image reference: '%s': %s".formatted(text, e.getMessage()), e);
    }
  }

  private static ImageReference parseBounded(String text) {
    int at = text.indexOf('@');
    String named = at < 0 ? text : text.substring(0, at);
    Optional<Digest> digest =
        at < 0 ? Optional.empty() : Optional.of(Digest.parse(text.substring(at + 1)));
    int colon = named.indexOf(':', named.lastIndexOf('/') + 1);
    String name = colon < 0 ? named : named.substring(0, colon);
    Optional<String> tag = colon < 0 ? Optional.empty() : Optional.of(named.substring(colon + 1));
    if (tag.isEmpty() && digest.isEmpty()) {
      tag = Optional.of("latest");
    }
    int slash = name.indexOf('/');
    if (slash < 0 || !isHost(name.substring(0, slash))) {
      return new ImageReference(DOCKER_HUB, onDockerHub(name), tag, digest);
    }
    String host = name.substring(0, slash);
    String repository = name.substring(slash + 1);
    return host.equals(DOCKER_HUB) || host.equals("index.docker.io")
        ? new ImageReference(DOCKER_HUB, onDockerHub(repository), tag, digest)
        : new ImageReference(host, repository, tag, digest);
  }

  private static String onDockerHub(String repository) {
    return repository.indexOf('/') < 0 ? "library/" + repository : repository;
  }

  /// A first component is a host when it could not be one of a repository, or is `localhost`.
  private static boolean isHost(String component) {
    return component.indexOf('.') >= 0
        || component.indexOf(':') >= 0
        || component.equals("localhost")
        || component.chars().anyMatch(Character::isUpperCase);
  }

  /// Returns the same repository by digest alone.
  public ImageReference at(Digest manifest) {
    return new ImageReference(host, repository, Optional.empty(), Optional.of(manifest));
  }

  /// Returns the same repository by another tag alone.
  ///
  /// @throws IllegalArgumentException if it breaks the grammar
  public ImageReference withTag(String newTag) {
    return new ImageReference(host, repository, Optional.of(newTag), Optional.empty());
  }

  /// Returns what stands behind `/manifests/` when it is resolved: the digest if there is one, else
  /// the tag.
  String manifestName() {
    return digest.map(Digest::toString).or(() -> tag).orElseThrow();
  }

  /// Returns `host/repository`, without tag and digest.
  public String name() {
    return host + "/" + repository;
  }

  /// Returns the full form, which [#parse] reads back.
  @Override
  public String toString() {
    return name() + tag.map(t -> ":" + t).orElse("") + digest.map(d -> "@" + d).orElse("");
  }
}
