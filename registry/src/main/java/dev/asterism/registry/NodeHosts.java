package dev.asterism.registry;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Where registries are for this node: mirrors of its configuration, else containerd's
/// `hosts.toml`, else usual rules, those of [Hosts#standard] where no others are given.
///
/// A file counts from the next image on, without a restart: its time and size are looked at each
/// time. Thread-safe.
public final class NodeHosts implements Hosts {
  private static final String FILE = "hosts.toml";
  private static final String ANY = "_default";
  private static final int MAX_KNOWN = 1024;

  private final Map<String, List<Endpoint>> mirrors;
  private final List<Path> directories;
  private final Hosts usual;
  private final Map<String, Loaded> loaded = new ConcurrentHashMap<>();

  private record Loaded(Path file, FileTime changed, long size, List<Endpoint> endpoints) {}

  /// @param mirrors what is asked before each of these registries
  /// @param directories each has `HOST/hosts.toml`; the first that has one for a registry counts
  public NodeHosts(Map<String, List<Endpoint>> mirrors, List<Path> directories) {
    this(mirrors, directories, Hosts.standard());
  }

  /// As the other.
  ///
  /// @param usual asked about registries of which neither says anything
  public NodeHosts(Map<String, List<Endpoint>> mirrors, List<Path> directories, Hosts usual) {
    this.usual = usual;
    this.mirrors = Map.copyOf(mirrors);
    this.directories = List.copyOf(directories);
  }

  @Override
  public List<Endpoint> endpoints(String host) throws IOException {
    List<Endpoint> before = mirrors.getOrDefault(host, List.of());
    if (!before.isEmpty()) {
      List<Endpoint> all = new ArrayList<>(before);
      Endpoint source = Hosts.source(host);
      if (!all.contains(source)) {
        all.add(source);
      }
      return all;
    }
    for (Path directory : directories) {
      Optional<List<Endpoint>> found = find(directory, host);
      if (found.isPresent()) {
        return found.get();
      }
    }
    return usual.endpoints(host);
  }

  private Optional<List<Endpoint>> find(Path directory, String host) throws IOException {
    for (String name : names(host)) {
      Path file = directory.resolve(name).resolve(FILE);
      if (Files.notExists(file)) {
        continue; // nothing is said about this host here; asked for each request, so not by failing
      }
      try {
        BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
        return Optional.of(load(file, now, host));
      } catch (NoSuchFileException _) {
        // removed meanwhile
      }
    }
    return Optional.empty();
  }

  private List<Endpoint> load(Path file, BasicFileAttributes now, String host) throws IOException {
    Loaded known = loaded.get(host);
    if (known == null
        || !known.file().equals(file)
        || !known.changed().equals(now.lastModifiedTime())
        || known.size() != now.size()) {
      if (loaded.size() >= MAX_KNOWN) {
        loaded.clear();
      }
      known = new Loaded(file, now.lastModifiedTime(), now.size(), HostsFile.read(file, host));
      loaded.put(host, known);
    }
    return known.endpoints();
  }

  /// As containerd looks for them: `HOST:PORT`, `HOST_PORT_`, for who cannot have a colon in a
  /// name, and what is for all.
  private static List<String> names(String host) {
    int colon = host.lastIndexOf(':');
    return colon < 0
        ? List.of(host, ANY)
        : List.of(
            host, "%s_%s_".formatted(host.substring(0, colon), host.substring(colon + 1)), ANY);
  }
}
