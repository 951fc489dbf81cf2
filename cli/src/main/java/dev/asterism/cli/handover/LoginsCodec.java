package dev.asterism.cli.handover;

import dev.asterism.registry.Credential;
import dev.asterism.registry.PulledCredentials.Known;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Logins as bytes: for each a kind (1 byte), and four texts (host, repository and two of the
/// credential), each a length (4 bytes, big-endian) and UTF-8.
final class LoginsCodec {
  private static final byte BASIC = 1;
  private static final byte IDENTITY_TOKEN = 2;

  private LoginsCodec() {}

  /// Writes as many of the newest as fit into `most` bytes.
  ///
  /// @param logins the oldest first
  static byte[] encode(List<Known> logins, int most) {
    Deque<byte[]> parts = new ArrayDeque<>();
    int size = 0;
    for (Known login : logins.reversed()) {
      byte[] part = encode(login);
      if (part.length > most - size) {
        break;
      }
      size += part.length;
      parts.addFirst(part);
    }
    ByteBuffer all = ByteBuffer.allocate(size);
    parts.forEach(all::put);
    return all.array();
  }

  private static byte[] encode(Known login) {
    return switch (login.credential()) {
      case Credential.Basic(String user, String password) ->
          encode(BASIC, login.host(), login.repository(), user, password);
      case Credential.IdentityToken(String token) ->
          encode(IDENTITY_TOKEN, login.host(), login.repository(), token, "");
    };
  }

  private static byte[] encode(byte kind, String... texts) {
    List<byte[]> parts = new ArrayList<>();
    int size = 1;
    for (String text : texts) {
      byte[] part = text.getBytes(StandardCharsets.UTF_8);
      parts.add(part);
      size += Integer.BYTES + part.length;
    }
    ByteBuffer all = ByteBuffer.allocate(size).put(kind);
    parts.forEach(part -> all.putInt(part.length).put(part));
    return all.array();
  }

  /// Reads what [#encode] has written.
  ///
  /// @throws IOException if it is something else
  static List<Known> decode(byte[] bytes) throws IOException {
    ByteBuffer left = ByteBuffer.wrap(bytes);
    List<Known> logins = new ArrayList<>();
    try {
      while (left.hasRemaining()) {
        byte kind = left.get();
        String host = text(left);
        String repository = text(left);
        String first = text(left);
        String second = text(left);
        Credential credential =
            switch (kind) {
              case BASIC -> new Credential.Basic(first, second);
              case IDENTITY_TOKEN -> new Credential.IdentityToken(first);
              default -> throw new IOException("the kept logins are damaged: kind " + kind);
            };
        logins.add(new Known(host, repository, credential));
      }
      return logins;
    } catch (BufferUnderflowException e) {
      throw new IOException("the kept logins are damaged: they end early", e);
    }
  }

  private static String text(ByteBuffer left) throws IOException {
    int length = left.getInt();
    if (length < 0 || length > left.remaining()) {
      throw new IOException("the kept logins are damaged: a text of %d bytes".formatted(length));
    }
    byte[] text = new byte[length];
    left.get(text);
    return new String(text, StandardCharsets.UTF_8);
  }
}
