package dev.asterism.registry;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.testkit.registry.TestRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.OptionalLong;
import java.util.Random;

/// A registry with one blob, and a client that asks again at once.
final class Fixture implements AutoCloseable {
  /// Waits for an answer as long as the busiest machine takes, and not before it asks again.
  static final RequestPolicy QUICK =
      RequestPolicy.DEFAULT
          .withTimeouts(Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofSeconds(60))
          .withRetries(4, Duration.ofMillis(5), Duration.ofMillis(20));

  /// The same with little patience, for registries that say nothing.
  static final RequestPolicy IMPATIENT =
      QUICK.withTimeouts(Duration.ofSeconds(2), Duration.ofMillis(1500), Duration.ofSeconds(4));

  final TestRegistry registry = TestRegistry.start();
  final byte[] bytes = new byte[1 << 20];
  final Digest digest;
  final ImageReference reference;
  private final RegistryClient client;

  /// Moves only when a test says so.
  volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");

  Fixture() {
    this(Credentials.anonymous(), QUICK);
  }

  Fixture(Credentials credentials, RequestPolicy policy) {
    new Random(42).nextBytes(bytes);
    digest = registry.blob(bytes);
    reference = ImageReference.parse(registry.host() + "/test/image:1");
    client = client(credentials, policy);
  }

  private RegistryClient client(Credentials credentials, RequestPolicy policy) {
    InstantSource clock = () -> now;
    return new RegistryClient(Hosts.standard(), credentials, policy, clock);
  }

  /// Returns another client, which the caller closes.
  RegistryClient client(RequestPolicy policy) {
    return client(Credentials.anonymous(), policy);
  }

  RegistryClient client() {
    return client;
  }

  /// Returns the blob; its size is known.
  Blob blob() throws IOException {
    return blob(client);
  }

  Blob blob(RegistryClient client) throws IOException {
    return client.blob(reference, digest, OptionalLong.of(bytes.length));
  }

  @Override
  public void close() {
    client.close();
    registry.close();
  }
}
