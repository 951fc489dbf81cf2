package dev.asterism.registry;

import dev.asterism.content.Trace;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// A repository as one endpoint serves it: answers GET and HEAD below `/v2/NAME/`, with
/// authorization and redirects taken care of.
///
/// Thread-safe.
final class Repository {
  private static final int MAX_HOPS = 5;

  private final Transport transport;
  private final Authorizer authorizer;
  private final InstantSource clock;
  private final Authorizer.Realm realm;

  Repository(
      Transport transport, Authorizer authorizer, InstantSource clock, Authorizer.Realm realm) {
    this.transport = transport;
    this.authorizer = authorizer;
    this.clock = clock;
    this.realm = realm;
  }

  Endpoint endpoint() {
    return realm.endpoint();
  }

  String name() {
    return realm.repository();
  }

  /// Returns the registry whose content it is, as image references name it.
  String registry() {
    return realm.registry();
  }

  /// What to ask for. Immutable.
  ///
  /// @param method `GET` or `HEAD`
  /// @param path below the repository, e.g. `blobs/sha256:…`
  record Query(String method, String path, Map<String, String> headers) {
    Query {
      headers = Map.copyOf(headers);
    }
  }

  /// Asks once, and returns the answer: its status is 2xx, or 416 for the caller to judge.
  ///
  /// A 401 is answered with a token or credential once, a 403 with another password if there is
  /// one; a remembered redirect that is refused is resolved anew once, and one that fails otherwise
  /// is forgotten. Credentials go to the endpoint alone, never to where it redirects; so do the
  /// endpoint's own headers.
  ///
  /// @param redirect where this path was redirected before; updated
  /// @throws RegistryException for every other status, and without an answer
  Answer ask(Query query, Redirect redirect, Patience patience) throws IOException {
    return Trace.span(
        query.method(),
        Trace.Kind.CLIENT,
        attributes -> {
          attributes
              .set("http.request.method", query.method())
              .set("server.address", realm.endpoint().authority())
              .set("url.path", realm.repository() + "/" + query.path());
          Optional.ofNullable(query.headers().get("Range"))
              .ifPresent(range -> attributes.set("http.request.header.range", range));
          Answer answer = askUntold(query, redirect, patience);
          attributes.set("http.response.status_code", answer.status());
          return answer;
        });
  }

  private Answer askUntold(Query query, Redirect redirect, Patience patience) throws IOException {
    String what =
        "%s %s of %s at %s"
            .formatted(query.method(), query.path(), realm.repository(), realm.endpoint());
    URI origin =
        realm.endpoint().resolve(realm.repository() + "/" + query.path(), realm.registry());
    Optional<URI> remembered = redirect.target();
    URI uri = remembered.orElse(origin);
    boolean mayAuthorize = true;
    int hops = 0;
    while (true) {
      Optional<String> authorization =
          isSameOrigin(uri, origin) ? authorizer.authorization(realm, patience) : Optional.empty();
      Answer answer;
      try {
        Map<String, List<String>> own =
            isSameOrigin(uri, origin) ? realm.endpoint().options().headers() : Map.of();
        answer =
            transport.send(
                request(what, query, uri, authorization)
                    .with(own, realm.endpoint().options().timeout()),
                patience);
      } catch (RegistryException e) {
        remembered.ifPresent(redirect::forget); // the registry may know a place that answers
        throw e;
      }
      int status = answer.status();
      if (status / 100 == 2 || status == 416) {
        if (!uri.equals(origin)) {
          redirect.remember(uri);
        }
        return answer;
      }
      if (isRedirect(status) && answer.header("Location").isPresent()) {
        answer.close();
        if (++hops > MAX_HOPS) {
          throw RegistryException.unusable(what, "more than %d redirects".formatted(MAX_HOPS));
        }
        uri = follow(what, uri, answer.header("Location").get());
      } else if (status == 401 && isSameOrigin(uri, origin) && mayAuthorize) {
        mayAuthorize = false;
        if (!authorizer.learn(realm, answer, authorization)) {
          throw authorizer.refusal(realm, Refusal.of(answer, clock));
        }
        answer.close();
      } else if (status == 403
          && isSameOrigin(uri, origin)
          && mayAuthorize
          && authorizer.knowsAnother(realm, authorization)) {
        mayAuthorize = false;
        answer.close();
      } else if (remembered.isPresent() && isOutdated(status)) {
        answer.close();
        redirect.forget(remembered.get());
        remembered = Optional.empty();
        hops = 0;
        uri = origin;
      } else {
        remembered.ifPresent(redirect::forget);
        throw authorizer.refusal(realm, Refusal.of(answer, clock));
      }
    }
  }

  private static Transport.Request request(
      String what, Query query, URI uri, Optional<String> authorization) {
    Map<String, String> headers = new HashMap<>(query.headers());
    authorization.ifPresent(value -> headers.put("Authorization", value));
    return new Transport.Request(what, query.method(), uri, headers, "");
  }

  private static boolean isRedirect(int status) {
    return switch (status) {
      case 301, 302, 303, 307, 308 -> true;
      default -> false;
    };
  }

  /// How storage services say that a signed address is no longer good; some say 400.
  private static boolean isOutdated(int status) {
    return switch (status) {
      case 400, 401, 403, 404, 410 -> true;
      default -> false;
    };
  }

  static URI follow(String what, URI from, String location) throws RegistryException {
    URI target;
    try {
      target = from.resolve(new URI(location)).parseServerAuthority();
    } catch (URISyntaxException | IllegalArgumentException _) {
      throw RegistryException.unusable(what, "redirect to something that is no address");
    }
    String scheme = String.valueOf(target.getScheme()).toLowerCase(Locale.ROOT);
    if (target.getHost() == null || (!scheme.equals("http") && !scheme.equals("https"))) {
      throw RegistryException.unusable(what, "redirect to something that is no address");
    }
    if (scheme.equals("http") && "https".equalsIgnoreCase(from.getScheme())) {
      throw RegistryException.unusable(
          what, "redirect from https to plain http at " + target.getHost());
    }
    return target;
  }

  static boolean isSameOrigin(URI a, URI b) {
    return String.valueOf(a.getScheme()).equalsIgnoreCase(b.getScheme())
        && String.valueOf(a.getHost()).equalsIgnoreCase(b.getHost())
        && port(a) == port(b);
  }

  private static int port(URI uri) {
    if (uri.getPort() >= 0) {
      return uri.getPort();
    }
    return "https".equalsIgnoreCase(uri.getScheme()) ? 443 : 80;
  }
}
