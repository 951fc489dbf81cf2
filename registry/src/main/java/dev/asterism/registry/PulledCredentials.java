package dev.asterism.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Credentials that came with pulls: what kubelet sends to the CRI image service. In memory only,
/// by repository; of many the oldest go. Thread-safe.
public final class PulledCredentials implements Credentials {
  private static final int MAX_KNOWN = 4096;

  @GuardedBy("this")
  private final Map<Place, Credential> known = new LinkedHashMap<>();

  private record Place(String host, String repository) {}

  /// The members of the CRI's `AuthConfig` (runtime/v1/api.proto) that prove something; empty where
  /// not given. Never printed.
  ///
  /// @param auth base64 of `user:password`
  /// @param server the registry that they are for; empty for that of the image
  public record Auth(
      String user, String password, String auth, String server, String identityToken) {
    @Override
    public String toString() {
      return "Auth[secret]";
    }
  }

  /// Notes what a pull was made with. Nothing of use takes the place of what was known.
  ///
  /// @throws IllegalArgumentException if `image` is no reference
  public void pulled(String image, Auth auth) {
    ImageReference reference = ImageReference.parse(image);
    Optional<Credential> credential =
        isFor(auth.server(), reference.host()) ? credential(auth) : Optional.empty();
    Place place = new Place(reference.host(), reference.repository());
    synchronized (this) {
      known.remove(place); // so that it is the newest again
      credential.ifPresent(found -> known.put(place, found));
      if (known.size() > MAX_KNOWN) {
        known.remove(known.keySet().iterator().next());
      }
    }
  }

  /// Forgets an image that was removed.
  ///
  /// @throws IllegalArgumentException if `image` is no reference
  public void removed(String image) {
    ImageReference reference = ImageReference.parse(image);
    synchronized (this) {
      known.remove(new Place(reference.host(), reference.repository()));
    }
  }

  /// What is known of one repository. Immutable; never printed.
  ///
  /// @param host with its port if it has one, as in [ImageReference#host]
  public record Known(String host, String repository, Credential credential) {
    @Override
    public String toString() {
      return "Known[%s/%s secret]".formatted(host, repository);
    }
  }

  /// Returns all that is known, the oldest first.
  public synchronized List<Known> all() {
    return known.entrySet().stream()
        .map(entry ->
            new Known(entry.getKey().host(), entry.getKey().repository(), entry.getValue()))
        .toList();
  }

  /// Notes what a former process knew. What this one was told goes before.
  ///
  /// @param former the oldest first; beyond 4,096 the oldest are left out
  public synchronized void restore(List<Known> former) {
    Map<Place, Credential> newer = new LinkedHashMap<>(known);
    known.clear();
    int first = Math.max(0, former.size() - (MAX_KNOWN - newer.size()));
    for (Known each : former.subList(first, former.size())) {
      known.put(new Place(each.host(), each.repository()), each.credential());
    }
    for (Map.Entry<Place, Credential> each : newer.entrySet()) {
      known.remove(each.getKey()); // so that it is newer than all of before
      known.put(each.getKey(), each.getValue());
    }
  }

  /// Always: the next pull may tell.
  @Override
  public boolean mayKnowLater() {
    return true;
  }

  /// Without a repository nothing is known.
  @Override
  public Optional<Credential> find(String host) {
    return Optional.empty();
  }

  @Override
  public synchronized Optional<Credential> find(String host, String repository) {
    return Optional.ofNullable(known.get(new Place(host, repository)));
  }

  private static boolean isFor(String server, String host) {
    return server.isEmpty() || DockerConfig.isFor(server, host);
  }

  private static Optional<Credential> credential(Auth auth) {
    if (!auth.user().isEmpty()) {
      return Optional.of(new Credential.Basic(auth.user(), auth.password()));
    }
    if (!auth.identityToken().isEmpty()) {
      return Optional.of(new Credential.IdentityToken(auth.identityToken()));
    }
    try {
      String pair = new String(Base64.getDecoder().decode(auth.auth()), StandardCharsets.UTF_8);
      int colon = pair.indexOf(':');
      return colon <= 0
          ? Optional.empty()
          : Optional.of(
              new Credential.Basic(
                  pair.substring(0, colon), pair.substring(colon + 1).replace("\0", "")));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
