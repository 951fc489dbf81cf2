package dev.asterism.testkit.registry;

import dev.asterism.testkit.process.Command;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.Signature;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/// An authority that nobody trusts but who is told to, and the servers that it vouches for. Its
/// keys are made by the JDK's `keytool`. Thread-safe.
public final class TestAuthority {
  private static final String PASSWORD = "changeit"; // keytool wants one
  private static final String AUTHORITY = "ca";

  private final Path directory;

  private TestAuthority(Path directory) {
    this.directory = directory;
  }

  /// Makes one whose files are in `directory`.
  public static TestAuthority create(Path directory) throws IOException, InterruptedException {
    TestAuthority authority = new TestAuthority(directory);
    authority.generate(AUTHORITY, "CN=Test Authority", "-ext", "bc:c", "-validity", "3650");
    return authority;
  }

  /// Returns what serves as a host.
  ///
  /// @param names as keytool's `san`: `ip:127.0.0.1`, `dns:registry.example`
  public SSLContext server(String names) throws IOException, InterruptedException {
    return server(names, "-validity", "30");
  }

  /// Returns what serves as a host with a certificate that has expired.
  public SSLContext expiredServer(String names) throws IOException, InterruptedException {
    return server(names, "-startdate", "-20d", "-validity", "10");
  }

  private SSLContext server(String names, String... options)
      throws IOException, InterruptedException {
    String alias = generateServer(names, options);
    try {
      KeyStore whole = store();
      KeyStore own = KeyStore.getInstance("PKCS12");
      own.load(null, null);
      own.setKeyEntry(
          "own",
          whole.getKey(alias, PASSWORD.toCharArray()),
          PASSWORD.toCharArray(),
          whole.getCertificateChain(alias));
      KeyManagerFactory keys =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      keys.init(own, PASSWORD.toCharArray());
      SSLContext context = SSLContext.getInstance("TLS");
      KeyStore clients = KeyStore.getInstance("PKCS12"); // of clients who are asked
      clients.load(null, null);
      clients.setCertificateEntry("ca", whole.getCertificate(AUTHORITY));
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(clients);
      context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private String generateServer(String names, String... options)
      throws IOException, InterruptedException {
    String alias = "server-" + Base64.getUrlEncoder().encodeToString(bytes(names)) + options[1];
    Command command = keytool(alias, "CN=Test Server", options);
    command.with("-signer", AUTHORITY, "-ext", "san=" + names).runOrThrow();
    return alias;
  }

  /// A certificate and its key, in PEM files.
  public record PemFiles(Path certificate, Path key) {}

  /// Makes files with which a program of its own serves as a host.
  ///
  /// @param names as keytool's `san`
  /// @param folder made for them
  public PemFiles server(String names, Path folder) throws IOException, InterruptedException {
    return files(generateServer(names, "-validity", "30"), folder, "server");
  }

  /// Makes files with which a client shows that this authority vouches for it.
  ///
  /// @param folder made for them
  public PemFiles client(Path folder) throws IOException, InterruptedException {
    keytool("client", "CN=Test Client", "-validity", "30").with("-signer", AUTHORITY).runOrThrow();
    return files("client", folder, "client");
  }

  private PemFiles files(String alias, Path folder, String name) throws IOException {
    Files.createDirectories(folder);
    try {
      KeyStore store = store();
      return new PemFiles(
          Files.writeString(
              folder.resolve(name + ".cert"),
              pem("CERTIFICATE", store.getCertificate(alias).getEncoded())),
          Files.writeString(
              folder.resolve(name + ".key"),
              pem("PRIVATE KEY", store.getKey(alias, PASSWORD.toCharArray()).getEncoded())));
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private static String pem(String what, byte[] der) {
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n"
        .formatted(what, Base64.getMimeEncoder(64, bytes("\n")).encodeToString(der), what);
  }

  /// Returns its own certificate as PEM.
  public String certificate() throws IOException {
    try {
      return pem("CERTIFICATE", store().getCertificate(AUTHORITY).getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /// Returns its own certificate in DER.
  public byte[] encoded() throws IOException {
    try {
      return store().getCertificate(AUTHORITY).getEncoded();
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  /// Signs with its own key as `ES256` of RFC 7518, section 3.4, says: 64 bytes.
  public byte[] sign(byte[] data) throws IOException {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
      signature.initSign((PrivateKey) store().getKey(AUTHORITY, PASSWORD.toCharArray()));
      signature.update(data);
      return signature.sign();
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private void generate(String alias, String name, String... options)
      throws IOException, InterruptedException {
    keytool(alias, name, options).runOrThrow();
  }

  private Command keytool(String alias, String name, String... options) {
    return Command.of(Path.of(System.getProperty("java.home"), "bin", "keytool").toString())
        .with("-genkeypair", "-alias", alias, "-keyalg", "EC", "-groupname", "secp256r1")
        .with("-dname", name, "-keystore", file().toString(), "-storetype", "PKCS12")
        .with("-storepass", PASSWORD)
        .with(options);
  }

  private Path file() {
    return directory.resolve("authority.p12");
  }

  private KeyStore store() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(file())) {
      store.load(in, PASSWORD.toCharArray());
    }
    return store;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
