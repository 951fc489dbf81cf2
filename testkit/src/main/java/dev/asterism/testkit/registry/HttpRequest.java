package dev.asterism.testkit.registry;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// A request as it came. Immutable.
///
/// @param path without the query
/// @param parameters of the query and of a form in the body, decoded
/// @param headers by lower-case name; several of one name are one, with commas
record HttpRequest(
    String method, String path, Map<String, String> parameters, Map<String, String> headers) {
  private static final int MAX_HEAD = 64 << 10;

  HttpRequest {
    parameters = Map.copyOf(parameters);
    headers = Map.copyOf(headers);
  }

  /// Reads the next request of a connection; empty at its end.
  static Optional<HttpRequest> read(InputStream in) throws IOException {
    String start = line(in);
    if (start.isEmpty()) {
      return Optional.empty();
    }
    String[] words = start.split(" ", -1);
    if (words.length != 3) {
      throw new IOException("not a request: " + start);
    }
    Map<String, String> headers = new HashMap<>();
    for (String line = line(in); !line.isEmpty(); line = line(in)) {
      int colon = line.indexOf(':');
      if (colon < 0) {
        throw new IOException("not a header: " + line);
      }
      headers.merge(
          line.substring(0, colon).toLowerCase(Locale.ROOT),
          line.substring(colon + 1).strip(),
          (one, next) -> one + ", " + next);
    }
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    String body = new String(in.readNBytes(Math.min(length, MAX_HEAD)), StandardCharsets.UTF_8);
    int question = words[1].indexOf('?');
    String path = question < 0 ? words[1] : words[1].substring(0, question);
    Map<String, String> parameters = new HashMap<>();
    decode(question < 0 ? "" : words[1].substring(question + 1), parameters);
    decode(body, parameters);
    return Optional.of(new HttpRequest(words[0], path, parameters, headers));
  }

  private static String line(InputStream in) throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int c = in.read();
      if (c < 0 && line.isEmpty()) {
        return "";
      }
      if (c < 0 || line.length() > MAX_HEAD) {
        throw new EOFException("the request ends in its head");
      }
      if (c == '\n') {
        return line.toString().stripTrailing();
      }
      line.append((char) c);
    }
  }

  private static void decode(String form, Map<String, String> into) {
    for (String pair : form.split("&", -1)) {
      int equals = pair.indexOf('=');
      if (equals > 0) {
        into.put(
            URLDecoder.decode(pair.substring(0, equals), StandardCharsets.UTF_8),
            URLDecoder.decode(pair.substring(equals + 1), StandardCharsets.UTF_8));
      }
    }
  }

  /// Returns the headers that are no standard's.
  Map<String, String> ownHeaders() {
    Map<String, String> own = new HashMap<>(headers);
    own.keySet().removeIf(name -> !name.startsWith("x-"));
    return Map.copyOf(own);
  }

  Optional<String> header(String name) {
    return Optional.ofNullable(headers.get(name));
  }

  Optional<String> parameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }
}
