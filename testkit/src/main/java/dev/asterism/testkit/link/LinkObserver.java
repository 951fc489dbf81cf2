package dev.asterism.testkit.link;

/// Is told what passes over a [ShapedLink]. Called on the link's threads: it has to be quick.
public interface LinkObserver {
  /// Sees nothing.
  LinkObserver NONE = new LinkObserver() {};

  /// A client has put bytes onto the link.
  ///
  /// @param connection its number, from 1
  /// @param bytes valid until this returns, up to `length`
  default void sent(int connection, byte[] bytes, int length) {}

  /// Bytes have arrived at a client.
  default void received(int connection, int length) {}
}
