package dev.asterism.registry;

import java.io.IOException;
import java.net.Socket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SSLSocket;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.client5.http.ssl.TlsSocketStrategy;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.protocol.HttpContext;

/// Whose certificates a server may show, and what is shown to it: those whom the JDK trusts, and
/// for one host also those in its directory.
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

  /// What endpoints ask for, by host and port; bounded by what the configuration names.
  private final Map<String, Endpoint.Options> known = new ConcurrentHashMap<>();

  /// A file as it was when it was read.
  private record Stamp(Path file, FileTime changed, long size) {
    static Stamp of(Path file) throws IOException {
      BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
      if (attributes.size() > MAX_SIZE) {
        throw unreadable(file, "%d bytes, more than %d".formatted(attributes.size(), MAX_SIZE));
      }
      return new Stamp(file, attributes.lastModifiedTime(), attributes.size());
    }
  }

  /// What was made of some files.
  private record Loaded(Wanted wanted, TlsSocketStrategy strategy) {}

  /// All that TLS with one host is made of.
  private record Wanted(List<Stamp> stamps, TlsFiles files) {}

  Authorities(List<Path> directories) {
    this.directories = List.copyOf(directories);
  }

  /// Notes how an endpoint is to be connected to.
  void learn(Endpoint endpoint) {
    if (endpoint.options().equals(Endpoint.Options.DEFAULT)) {
      return;
    }
    known.put(endpoint.hostAndPort(), endpoint.options());
  }

  /// Returns how long a connection to a host may take.
  Duration connectTimeout(HttpHost host, Duration otherwise) {
    return Optional.ofNullable(known.get(key(host.getHostName(), portOf(host))))
        .flatMap(Endpoint.Options::connect)
        .orElse(otherwise);
  }

  private static int portOf(HttpHost host) {
    return host.getPort() >= 0 ? host.getPort() : host.getSchemeName().equals("http") ? 80 : HTTPS;
  }

  private static String key(String host, int port) {
    return host.replaceAll("[\\[\\]]", "") + ":" + port;
  }

  @Override
  public SSLSocket upgrade(
      Socket socket, String host, int port, Object attachment, HttpContext context)
      throws IOException {
    return strategy(host, port).upgrade(socket, host, port, attachment, context);
  }

  private TlsSocketStrategy strategy(String host, int port) throws IOException {
    String key = key(host, port);
    Wanted wanted =
        wanted(
            host,
            port,
            Optional.ofNullable(known.get(key)).map(Endpoint.Options::tls).orElse(TlsFiles.NONE));
    if (wanted.files().equals(TlsFiles.NONE)) {
      return standard;
    }
    Loaded before = loaded.get(key);
    if (before == null || !before.wanted().equals(wanted)) {
      before = new Loaded(wanted, TlsContexts.of(wanted.files()));
      loaded.put(key, before);
    }
    return before.strategy();
  }

  private Wanted wanted(String host, int port, TlsFiles own) throws IOException {
    List<Path> authorities = new ArrayList<>(own.authorities());
    List<TlsFiles.Client> clients = new ArrayList<>(own.clients());
    for (Stamp stamp : files(host, port)) {
      String name = stamp.file().getFileName().toString();
      if (name.endsWith(".crt")) {
        authorities.add(stamp.file());
      } else {
        String stem = name.substring(0, name.length() - ".cert".length());
        clients.add(new TlsFiles.Client(stamp.file(), stamp.file().resolveSibling(stem + ".key")));
      }
    }
    TlsFiles files = new TlsFiles(authorities, clients, own.skipVerify());
    List<Stamp> stamps = new ArrayList<>();
    for (Path file : files.authorities()) {
      stamps.add(Stamp.of(file));
    }
    for (TlsFiles.Client client : files.clients()) {
      stamps.add(Stamp.of(client.certificate()));
      stamps.add(Stamp.of(client.key()));
    }
    return new Wanted(stamps, files);
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
    try (DirectoryStream<Path> found = Files.newDirectoryStream(directory, "*.{crt,cert}")) {
      for (Path file : found) {
        if (files.size() >= MAX_FILES) {
          throw unreadable(directory, "more than %d files".formatted(MAX_FILES));
        }
        files.add(Stamp.of(file));
      }
    } catch (NoSuchFileException | NotDirectoryException _) {
      // nothing is said about this host here
    }
  }

  private static RegistryException unreadable(Path file, String why) {
    return RegistryException.unusable(file.toString(), why);
  }
}
