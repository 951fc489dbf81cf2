package dev.asterism.registry;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.protocol.HttpContext;

/// Whose certificates a server may show: those whom the JDK trusts, and for one host also those in
/// its directory.
///
/// The directories are Docker's and containerd's: `DIR/HOST:PORT/*.crt`, also written `HOST_PORT_`,
/// and for port 443 `HOST`; PEM, one certificate or more in a file. They are looked at for every
/// new connection, so a file that is added or replaced counts at once. Thread-safe.
final class Authorities implements TlsSocketStrategy {
  /// Where a node has its registries' authorities.
  static final List<Path> STANDARD =
      List.of(Path.of("/etc/containerd/certs.d"), Path.of("/etc/docker/certs.d"));

  private static final int HTTPS = 443;
  private static final int MAX_FILES = 64;
  private static final long MAX_SIZE = 1 << 20; // 1 MiB: some 500 certificates

  private final List<Path> directories;
  private final TlsSocketStrategy standard = DefaultClientTlsStrategy.createDefault();
  private final Map<String, Loaded> loaded = new ConcurrentHashMap<>();

  /// A file as it was when it was read.
  private record Stamp(Path file, FileTime changed, long size) {}

  /// What was made of some files.
  private record Loaded(List<Stamp> files, TlsSocketStrategy strategy) {}

  Authorities(List<Path> directories) {
    this.directories = List.copyOf(directories);
  }

  @Override
  public SSLSocket upgrade(
      Socket socket, String host, int port, Object attachment, HttpContext context)
      throws IOException {
    return strategy(host, port).upgrade(socket, host, port, attachment, context);
  }

  private TlsSocketStrategy strategy(String host, int port) throws IOException {
    List<Stamp> files = files(host, port);
    if (files.isEmpty()) {
      return standard;
    }
    String key = host + ":" + port;
    Loaded known = loaded.get(key);
    if (known == null || !known.files().equals(files)) {
      known = new Loaded(files, load(files));
      loaded.put(key, known);
    }
    return known.strategy();
  }

  private List<Stamp> files(String host, int port) throws IOException {
    List<String> names = new ArrayList<>(List.of(host + ":" + port, host + "_" + port + "_"));
    if (port == HTTPS) {
      names.add(host);
    }
    List<Stamp> files = new ArrayList<>();
    for (Path directory : directories) {
      for (String name : names) {
        addFiles(directory.resolve(name), files);
      }
    }
    files.sort(Comparator.comparing(Stamp::file));
    return files;
  }

  private static void addFiles(Path directory, List<Stamp> files) throws IOException {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.crt")) {
      for (Path file : found) {
        BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
        if (files.size() >= MAX_FILES) {
          throw unreadable(directory, "more than %d files".formatted(MAX_FILES));
        }
        if (attributes.size() > MAX_SIZE) {
          throw unreadable(file, "%d bytes, more than %d".formatted(attributes.size(), MAX_SIZE));
        }
        files.add(new Stamp(file, attributes.lastModifiedTime(), attributes.size()));
      }
    } catch (NoSuchFileException | NotDirectoryException _) {
      // nothing is said about this host here
    }
  }

  private static TlsSocketStrategy load(List<Stamp> files) throws IOException {
    try {
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      int number = 0;
      for (X509Certificate root : rootsOfTheJdk()) {
        store.setCertificateEntry("jdk" + number++, root);
      }
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      for (Stamp stamp : files) {
        for (Certificate certificate : read(factory, stamp.file())) {
          store.setCertificateEntry("own" + number++, certificate);
        }
      }
      TrustManagerFactory trust =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      trust.init(store);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, trust.getTrustManagers(), null);
      return new DefaultClientTlsStrategy(context);
    } catch (GeneralSecurityException e) {
      throw new IOException("no TLS in this JDK: " + e.getMessage(), e);
    }
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

  private static List<Certificate> read(CertificateFactory factory, Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    try {
      List<Certificate> certificates =
          List.copyOf(factory.generateCertificates(new ByteArrayInputStream(bytes)));
      if (certificates.isEmpty()) {
        throw unreadable(file, "no certificate in it");
      }
      return certificates;
    } catch (GeneralSecurityException e) {
      throw RegistryException.unusable(file.toString(), "not a certificate in PEM", e);
    }
  }

  private static RegistryException unreadable(Path file, String why) {
    return RegistryException.unusable(file.toString(), why);
  }
}
