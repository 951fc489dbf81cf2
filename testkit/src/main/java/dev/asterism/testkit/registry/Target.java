package dev.asterism.testkit.registry;

import dev.asterism.content.Digest;
import java.util.function.Predicate;

/// Which requests a fault is for. Immutable.
///
/// @param name for messages
/// @param path tells by the path of a request, without its query
/// @param content whether only answers with content count, and not those that redirect to it
public record Target(String name, Predicate<String> path, boolean content) {
  /// Every request.
  public static Target everything() {
    return new Target("everything", _ -> true, false);
  }

  /// The content of every blob.
  public static Target blobs() {
    return new Target(
        "blobs", path -> path.contains("/blobs/") || path.startsWith("/signed/"), true);
  }

  /// The content of one blob, from wherever it comes.
  public static Target blob(Digest digest) {
    return new Target(
        "blob " + digest,
        path -> path.endsWith("/blobs/" + digest) || path.equals("/signed/" + digest),
        true);
  }

  /// Every manifest and index.
  public static Target manifests() {
    return new Target("manifests", path -> path.contains("/manifests/"), true);
  }

  /// The token service.
  public static Target tokens() {
    return new Target("tokens", "/token"::equals, false);
  }

  /// Exactly this path, redirects included.
  public static Target path(String exact) {
    return new Target(exact, exact::equals, false);
  }

  /// What the registry redirects to, see [TestRegistry#redirectBlobs].
  public static Target signed() {
    return new Target("signed addresses", path -> path.startsWith("/signed/"), false);
  }
}
