package dev.asterism.registry;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.NoopHostnameVerifier;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;

/// Makes TLS out of files. Stateless.
final class TlsContexts {
  private static final char[] NO_PASSWORD = new char[0]; // the store stays in memory

  private TlsContexts() {}

  /// Reads the files.
  ///
  /// @throws IOException if one cannot be read, or is not what it should be; names it
  static TlsSocketStrategy of(TlsFiles files) throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      TrustManager[] trust =
          files.skipVerify() ? new TrustManager[] {new Anybody()} : trust(files.authorities());
      context.init(keys(files.clients()), trust, null);
      return files.skipVerify()
          ? new DefaultClientTlsStrategy(context, NoopHostnameVerifier.INSTANCE)
          : new DefaultClientTlsStrategy(context);
    } catch (GeneralSecurityException e) {
      throw new IOException("no TLS in this JDK: " + e.getMessage(), e);
    }
  }

  /// TLS with one server that has an authority of its own.
  ///
  /// @param authority certificates in PEM, the only ones that are trusted; empty for the JDK's
  /// @param client what is shown to a server that asks who connects; empty for nothing
  /// @param skipVerify whether any certificate of any name is taken
  /// @throws IOException if something is not what it should be; says what, and quotes nothing
  static TlsSocketStrategy of(Optional<Pem> authority, Optional<Client> client, boolean skipVerify)
      throws IOException {
    try {
      KeyStore trusted = empty();
      int number = 0;
      for (Certificate certificate :
          authority.isPresent() ? certificates(authority.get()) : rootsOfTheJdk()) {
        trusted.setCertificateEntry("root" + number++, certificate);
      }
      KeyStore own = empty();
      if (client.isPresent()) {
        Pem key = client.get().key();
        own.setKeyEntry(
            "client",
            PemKey.read(key.name(), key.text()),
            NO_PASSWORD,
            certificates(client.get().certificate()).toArray(Certificate[]::new));
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          keys(own), skipVerify ? new TrustManager[] {new Anybody()} : trust(trusted), null);
      return skipVerify
          ? new DefaultClientTlsStrategy(context, NoopHostnameVerifier.INSTANCE)
          : new DefaultClientTlsStrategy(context);
    } catch (GeneralSecurityException e) {
      throw new IOException("no TLS in this JDK: " + e.getMessage(), e);
    }
  }

  /// Something in PEM. Immutable; never printed.
  ///
  /// @param name where it stands, for messages
  record Pem(String name, String text) {
    @Override
    public String toString() {
      return name;
    }
  }

  /// A client's certificate and its key. Immutable.
  record Client(Pem certificate, Pem key) {}

  private static TrustManager[] trust(List<Path> authorities)
      throws IOException, GeneralSecurityException {
    KeyStore store = empty();
    int number = 0;
    for (X509Certificate root : rootsOfTheJdk()) {
      store.setCertificateEntry("jdk" + number++, root);
    }
    for (Path file : authorities) {
      for (Certificate certificate : certificates(file)) {
        store.setCertificateEntry("own" + number++, certificate);
      }
    }
    return trust(store);
  }

  private static TrustManager[] trust(KeyStore store) throws GeneralSecurityException {
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(store);
    return trust.getTrustManagers();
  }

  private static KeyManager[] keys(List<TlsFiles.Client> clients)
      throws IOException, GeneralSecurityException {
    KeyStore store = empty();
    int number = 0;
    for (TlsFiles.Client client : clients) {
      PrivateKey key = PemKey.read(client.key());
      Certificate[] chain = certificates(client.certificate()).toArray(Certificate[]::new);
      store.setKeyEntry("client" + number++, key, NO_PASSWORD, chain);
    }
    return keys(store);
  }

  private static KeyManager[] keys(KeyStore store) throws GeneralSecurityException {
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, NO_PASSWORD);
    return keys.getKeyManagers();
  }

  private static KeyStore empty() throws IOException, GeneralSecurityException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    return store;
  }

  private static List<X509Certificate> rootsOfTheJdk() throws GeneralSecurityException {
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init((KeyStore) null);
    List<X509Certificate> roots = new ArrayList<>();
    for (TrustManager manager : trust.getTrustManagers()) {
      if (manager instanceof X509TrustManager x509) {
        roots.addAll(List.of(x509.getAcceptedIssuers()));
      }
    }
    return roots;
  }

  private static List<Certificate> certificates(Path file)
      throws IOException, GeneralSecurityException {
    return certificates(
        new Pem(file.toString(), Files.readString(file, StandardCharsets.ISO_8859_1)));
  }

  private static List<Certificate> certificates(Pem file) throws IOException {
    byte[] pem = PemKey.certificatesOnly(file.text().getBytes(StandardCharsets.ISO_8859_1));
    try {
      List<Certificate> certificates =
          List.copyOf(
              CertificateFactory.getInstance("X.509")
                  .generateCertificates(new ByteArrayInputStream(pem)));
      if (certificates.isEmpty()) {
        throw RegistryException.unusable(file.name(), "no certificate in it");
      }
      return certificates;
    } catch (GeneralSecurityException e) {
      throw RegistryException.unusable(file.name(), "not a certificate in PEM", e);
    }
  }

  /// Takes every certificate of every name: `skip_verify`. Extended, so that the JDK adds no check
  /// of names.
  private static final class Anybody extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
