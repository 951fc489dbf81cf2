package dev.asterism.registry;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads private keys in PEM (RFC 7468): PKCS #8 (`PRIVATE KEY`), and RSA's own form (`RSA PRIVATE
/// KEY`, RFC 8017, appendix A.1.2), which OpenSSL wrote for long. Stateless.
final class PemKey {
  private static final Pattern BLOCK =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \\1-----");

  /// PrivateKeyInfo's version and algorithm, `rsaEncryption` (RFC 5208, section 5), in DER.
  private static final byte[] RSA = HexFormat.of().parseHex("020100300d06092a864886f70d0101010500");

  private static final List<String> ALGORITHMS = List.of("RSA", "EC", "Ed25519");

  private PemKey() {}

  /// Returns the first private key of a file.
  ///
  /// @throws RegistryException if there is none that can be used; nothing of the file is in the
  ///   message
  static PrivateKey read(Path file) throws IOException {
    return read(file.toString(), Files.readString(file, StandardCharsets.ISO_8859_1));
  }

  /// As the other, of what was read.
  ///
  /// @param file names it in messages
  static PrivateKey read(String file, String pem) throws IOException {
    Matcher block = BLOCK.matcher(pem);
    while (block.find()) {
      switch (block.group(1)) {
        case "PRIVATE KEY" -> {
          return key(file, der(file, block.group(2)));
        }
        case "RSA PRIVATE KEY" -> {
          return key(file, wrapped(der(file, block.group(2))));
        }
        default -> {
          // certificates, parameters
        }
      }
    }
    throw RegistryException.unusable(
        file,
        "no private key that can be read: write it as PKCS #8 without a password"
            + " (openssl pkcs8 -topk8 -nocrypt)");
  }

  /// Returns a file without what are no certificates: keys often stand in the same one.
  static byte[] certificatesOnly(byte[] pem) {
    String text = new String(pem, StandardCharsets.ISO_8859_1);
    Matcher block = BLOCK.matcher(text);
    StringBuilder kept = new StringBuilder();
    boolean keys = false;
    while (block.find()) {
      if (block.group(1).endsWith("CERTIFICATE")) {
        kept.append(block.group()).append('\n');
      } else {
        keys = true;
      }
    }
    return keys ? kept.toString().getBytes(StandardCharsets.ISO_8859_1) : pem;
  }

  private static byte[] der(String file, String base64) throws RegistryException {
    try {
      return Base64.getMimeDecoder().decode(base64);
    } catch (IllegalArgumentException _) {
      throw RegistryException.unusable(file, "not PEM");
    }
  }

  private static PrivateKey key(String file, byte[] pkcs8) throws RegistryException {
    for (String algorithm : ALGORITHMS) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(new PKCS8EncodedKeySpec(pkcs8));
      } catch (GeneralSecurityException _) {
        // not of this kind
      }
    }
    throw RegistryException.unusable(file, "a private key that is none of " + ALGORITHMS);
  }

  private static byte[] wrapped(byte[] rsa) {
    ByteArrayOutputStream info = new ByteArrayOutputStream();
    info.writeBytes(RSA);
    info.write(0x04); // OCTET STRING
    info.writeBytes(length(rsa.length));
    info.writeBytes(rsa);
    ByteArrayOutputStream whole = new ByteArrayOutputStream();
    whole.write(0x30); // SEQUENCE
    whole.writeBytes(length(info.size()));
    whole.writeBytes(info.toByteArray());
    return whole.toByteArray();
  }

  /// DER's length octets (X.690, section 8.1.3).
  private static byte[] length(int length) {
    if (length < 0x80) {
      return new byte[] {(byte) length};
    }
    return length < 0x100
        ? new byte[] {(byte) 0x81, (byte) length}
        : new byte[] {(byte) 0x82, (byte) (length >> 8), (byte) length};
  }
}
