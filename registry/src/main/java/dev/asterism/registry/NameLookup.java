package dev.asterism.registry;

import dev.asterism.content.SingleFlight;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.hc.client5.http.DnsResolver;

/// Looks up host names on platform threads, one lookup per name at a time.
///
/// The C library's resolver blocks in native code, for many seconds when no name server answers. On
/// a virtual thread that would hold a carrier, and with it everybody who reads from registries that
/// are well. Thread-safe.
final class NameLookup implements DnsResolver {
  private final Duration longest;
  private final SingleFlight<String, InetAddress[]> lookups =
      new SingleFlight<>((host, lookup) ->
          Thread.ofPlatform().daemon().name("registry-dns " + host).start(lookup));

  /// @param longest wait for an answer; the lookup itself may go on behind it
  NameLookup(Duration longest) {
    this.longest = longest;
  }

  @Override
  public InetAddress[] resolve(String host) throws UnknownHostException {
    try {
      return new InetAddress[] {InetAddress.ofLiteral(host)};
    } catch (IllegalArgumentException _) {
      return lookUp(host);
    }
  }

  private InetAddress[] lookUp(String host) throws UnknownHostException {
    try {
      return lookups
          .get(host, () -> InetAddress.getAllByName(host))
          .get(longest.toNanos(), TimeUnit.NANOSECONDS)
          .clone();
    } catch (ExecutionException e) {
      throw unknown(host, "no such name, or no name server", e);
    } catch (TimeoutException e) {
      throw unknown(host, "the name server does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw unknown(host, "interrupted", e);
    }
  }

  private static UnknownHostException unknown(String host, String why, Exception cause) {
    UnknownHostException failure = new UnknownHostException(host + ": " + why);
    failure.initCause(cause);
    return failure;
  }

  /// Returns `host`: nothing here needs the canonical name.
  @Override
  public String resolveCanonicalHostname(String host) {
    return host;
  }
}
