package dev.asterism.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// Credentials that came with pulls: what kubelet sends to the CRI image service. In memory only,
/// by repository; of many the oldest go. Thread-safe.
///
/// What an image was pulled with counts until a later pull of its repository has gone well: anybody
/// who may start pods can ask for an image with a wrong secret, or with none, and that must take
/// nothing from containers that run. While a pull goes on, its credentials are there for its own
/// layers, behind those that are known to be right. When the last image of a repository that was
/// pulled with credentials is removed, they are forgotten.
public final class PulledCredentials implements Credentials {
  private static final int MAX_KNOWN = 4096;

  /// Pulls of one repository whose credentials are remembered while they go on.
  private static final int MAX_UNDER_WAY = 16;

  /// Images of one repository that are known apart.
  private static final int MAX_IMAGES = 64;

  @GuardedBy("this")
  private final Map<Place, Logins> known = new LinkedHashMap<>();

  /// What is known of one repository. Guarded by the whole.
  private static final class Logins {
    private Optional<Credential> proven = Optional.empty();
    private final Deque<Attempt> underWay = new ArrayDeque<>(); // the newest first
    private final Set<ImageReference> images = new HashSet<>(); // pulled with what counts
    private boolean more; // images than those
    private int refusals;

    void add(ImageReference image) {
      if (images.contains(image)) {
        return;
      }
      if (images.size() < MAX_IMAGES) {
        images.add(image);
      } else {
        more = true;
      }
    }

    /// Returns whether nothing is left that needs what is known.
    boolean remove(ImageReference image) {
      return images.remove(image) && images.isEmpty() && !more && underWay.isEmpty();
    }

    /// Returns what may be right, best first, nothing twice.
    List<Credential> choices() {
      return Stream.concat(proven.stream(), underWay.stream().map(attempt -> attempt.credential))
          .distinct()
          .toList();
    }

    /// Each refusal has the next one tried.
    Optional<Credential> choice() {
      List<Credential> choices = choices();
      return choices.isEmpty()
          ? Optional.empty()
          : Optional.of(choices.get(Math.floorMod(refusals, choices.size())));
    }
  }

  /// One pull that goes on.
  public final class Attempt {
    private final Place place;
    private final ImageReference image;
    private final Credential credential;

    private Attempt(Place place, ImageReference image, Credential credential) {
      this.place = place;
      this.image = image;
      this.credential = credential;
    }

    /// Notes how the pull has ended. Does nothing the second time.
    ///
    /// @param well whether the image is there: then what it was pulled with is right
    public void ended(boolean well) {
      synchronized (PulledCredentials.this) {
        Logins logins = known.get(place);
        if (logins == null || !logins.underWay.remove(this)) {
          return; // it ended before, or there were too many
        }
        logins.refusals = 0;
        if (well) {
          logins.proven = Optional.of(credential);
          logins.add(image);
        } else if (logins.choices().isEmpty()) {
          known.remove(place);
        }
      }
    }
  }

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

  /// Notes what a pull is made with. One that has nothing of use changes nothing.
  ///
  /// @return to be told how the pull ends; empty where there was nothing to note
  /// @throws IllegalArgumentException if `image` is no reference
  public Optional<Attempt> pulled(String image, Auth auth) {
    ImageReference reference = ImageReference.parse(image);
    Optional<Credential> credential =
        isFor(auth.server(), reference.host()) ? credential(auth) : Optional.empty();
    return credential.map(found -> begin(reference, found));
  }

  private static Place place(ImageReference reference) {
    return new Place(reference.host(), reference.repository());
  }

  private synchronized Attempt begin(ImageReference reference, Credential credential) {
    Place place = place(reference);
    Attempt attempt = new Attempt(place, reference, credential);
    Logins logins = Optional.ofNullable(known.remove(place)).orElseGet(Logins::new);
    logins.underWay.addFirst(attempt);
    if (logins.underWay.size() > MAX_UNDER_WAY) {
      logins.underWay.removeLast();
    }
    known.put(place, logins); // the newest again
    if (known.size() > MAX_KNOWN) {
      known.remove(known.keySet().iterator().next());
    }
    return attempt;
  }

  /// Notes that an image was removed. Other tags of its repository keep what they need.
  ///
  /// @throws IllegalArgumentException if `image` is no reference
  public void removed(String image) {
    ImageReference reference = ImageReference.parse(image);
    synchronized (this) {
      Place place = place(reference);
      Logins logins = known.get(place);
      if (logins != null && logins.remove(reference)) {
        known.remove(place);
      }
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

  /// Returns what counts for each repository, the oldest first.
  public synchronized List<Known> all() {
    List<Known> all = new ArrayList<>();
    known.forEach((place, logins) ->
        logins.choices().stream()
            .findFirst()
            .ifPresent(best -> all.add(new Known(place.host(), place.repository(), best))));
    return List.copyOf(all);
  }

  /// Notes what a former process knew. What this one was told goes before.
  ///
  /// @param former the oldest first; beyond 4,096 the oldest are left out
  public synchronized void restore(List<Known> former) {
    Map<Place, Logins> newer = new LinkedHashMap<>(known);
    known.clear();
    int first = Math.max(0, former.size() - (MAX_KNOWN - newer.size()));
    for (Known each : former.subList(first, former.size())) {
      Logins logins = new Logins();
      logins.proven = Optional.of(each.credential());
      logins.more = true; // which ones is not handed on
      known.put(new Place(each.host(), each.repository()), logins);
    }
    newer.forEach((place, logins) -> {
      Logins before = known.remove(place); // so that it is newer than all of before
      if (before != null) {
        logins.proven = logins.proven.or(() -> before.proven);
        logins.more = true;
      }
      known.put(place, logins);
    });
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
    return Optional.ofNullable(known.get(new Place(host, repository))).flatMap(Logins::choice);
  }

  @Override
  public synchronized void refused(String host) {
    known.forEach((place, logins) -> {
      if (place.host().equals(host) && !logins.underWay.isEmpty()) {
        logins.refusals++;
      }
    });
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
