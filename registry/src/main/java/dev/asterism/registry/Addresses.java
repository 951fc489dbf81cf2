package dev.asterism.registry;

import java.net.InetAddress;
import java.util.Optional;

/// Addresses of IPv4 and IPv6 as text. Names are never looked up. Stateless.
final class Addresses {
  private Addresses() {}

  /// Tells whether `host` is an address of this machine's own loopback.
  static boolean isLoopback(String host) {
    return parse(host).filter(InetAddress::isLoopbackAddress).isPresent();
  }

  /// Tells whether `host` is an address in a block.
  ///
  /// @param block `address/bits`; anything else has nothing in it
  static boolean isWithin(String host, String block) {
    int slash = block.indexOf('/');
    Optional<InetAddress> address = parse(host);
    Optional<InetAddress> start = parse(block.substring(0, Math.max(slash, 0)));
    String length = block.substring(slash + 1);
    if (address.isEmpty() || start.isEmpty() || !length.matches("\\d{1,3}")) {
      return false;
    }
    byte[] one = address.get().getAddress();
    byte[] other = start.get().getAddress();
    int bits = Integer.parseInt(length);
    if (one.length != other.length || bits > one.length * Byte.SIZE) {
      return false;
    }
    for (int bit = 0; bit < bits; bit++) {
      int mask = 1 << (Byte.SIZE - 1 - bit % Byte.SIZE);
      if ((one[bit / Byte.SIZE] & mask) != (other[bit / Byte.SIZE] & mask)) {
        return false;
      }
    }
    return true;
  }

  private static Optional<InetAddress> parse(String text) {
    try {
      return Optional.of(InetAddress.ofLiteral(text));
    } catch (IllegalArgumentException _) { // a name
      return Optional.empty();
    }
  }
}
