package dev.asterism.cli.admin;

import dev.asterism.cli.cache.ContentJson;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;

/// Which endpoint answers what, and how many at a time. Built by one thread, then immutable;
/// thread-safe.
final class Routes {
  private static final Logger LOGGER = System.getLogger(Routes.class.getName());

  private final Map<String, Map<String, Endpoint>> endpoints = new LinkedHashMap<>();
  private final Semaphore places;

  /// @param atOnce how many requests may be answered at a time; the next gets 503
  Routes(int atOnce) {
    places = new Semaphore(atOnce);
  }

  Routes add(String method, String path, Endpoint endpoint) {
    endpoints.computeIfAbsent(path, _ -> new LinkedHashMap<>()).put(method, endpoint);
    return this;
  }

  /// Answers a request, whatever becomes of it.
  ///
  /// @throws IOException if the client is gone
  void serve(Request request, Response response) throws IOException {
    Map<String, Endpoint> methods = endpoints.getOrDefault(request.path(), Map.of());
    Optional<Endpoint> endpoint = Optional.ofNullable(methods.get(request.method()));
    if (methods.isEmpty()) {
      fail(response, 404, "nothing at %s; see docs/admin.md".formatted(request.path()));
    } else if (endpoint.isEmpty()) {
      fail(
          response,
          405,
          "%s takes %s"
              .formatted(request.path(), String.join(", ", new TreeSet<>(methods.keySet()))));
    } else if (!places.tryAcquire()) {
      fail(response, 503, "too many requests at a time; try again");
    } else {
      try {
        answer(endpoint.get(), request, response);
      } finally {
        places.release();
      }
    }
  }

  private static void answer(Endpoint endpoint, Request request, Response response)
      throws IOException {
    try {
      endpoint.serve(request, response);
    } catch (BadRequestException e) {
      fail(response, 400, message(e));
    } catch (ClientGoneException e) {
      throw e;
    } catch (IOException e) {
      LOGGER.log(
          Level.WARNING,
          "admin request failed path={0} cause=\"{1}\"",
          request.path(),
          e.getMessage());
      fail(response, 500, message(e));
    } catch (RuntimeException e) {
      LOGGER.log(Level.ERROR, "bug in an admin request path=" + request.path(), e);
      fail(response, 500, "a bug: " + e);
    }
  }

  private static String message(IOException failure) {
    return Optional.ofNullable(failure.getMessage()).orElse(failure.toString());
  }

  private static void fail(Response response, int status, String why) throws IOException {
    response.send(status, Response.JSON, error(why));
  }

  /// Returns the body of a failure.
  static String error(String why) {
    return ContentJson.line(json -> {
      json.writeStartObject();
      json.writeStringProperty("error", why);
      json.writeEndObject();
    })
        + "\n";
  }
}
