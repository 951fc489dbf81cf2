package dev.asterism.registry;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
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
    byte[] pem = PemKey.certificatesOnly(Files.readAllBytes(file));
    try {
      List<Certificate> certificates =
          List.copyOf(
              CertificateFactory.getInstance("X.509")
                  .generateCertificates(new ByteArrayInputStream(pem)));
      if (certificates.isEmpty()) {
        throw RegistryException.unusable(file.toString(), "no certificate in it");
      }
      return certificates;
    } catch (GeneralSecurityException e) {
      throw RegistryException.unusable(file.toString(), "not a certificate in PEM", e);
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
