package dev.asterism.cli.optimize;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What a container's `/etc/resolv.conf` and `/etc/hosts` say. Immutable.
///
/// @param resolver lines of the first; empty leaves it what it is without
/// @param hosts lines of the second; likewise
public record Names(List<String> resolver, List<String> hosts) {
  /// Says nothing.
  public static final Names NONE = new Names(List.of(), List.of());

  private static final String RESOLVER = "/etc/resolv.conf";
  private static final String HOSTS = "/etc/hosts";

  /// Copies both lists.
  public Names {
    resolver = List.copyOf(resolver);
    hosts = List.copyOf(hosts);
  }

  /// Reads options as `ctr-remote` has them.
  ///
  /// @param servers addresses
  /// @param domains to search in
  /// @param options as resolv.conf(5) has them
  /// @param added `NAME:ADDRESS`
  /// @throws IllegalArgumentException if an added host is none
  public static Names of(
      List<String> servers, List<String> domains, List<String> options, List<String> added) {
    List<String> resolver = new ArrayList<>();
    servers.forEach(server -> resolver.add("nameserver " + plain(server)));
    if (!domains.isEmpty()) {
      resolver.add("search " + plain(String.join(" ", domains)));
    }
    if (!options.isEmpty()) {
      resolver.add("options " + plain(String.join(" ", options)));
    }
    List<String> hosts = new ArrayList<>();
    for (String each : added) {
      int colon = each.indexOf(':'); // an address may hold more of them
      if (colon < 1 || colon == each.length() - 1) {
        throw new IllegalArgumentException("not a host: '%s' (NAME:ADDRESS)".formatted(each));
      }
      hosts.add(
          "%s\t%s".formatted(plain(each.substring(colon + 1)), plain(each.substring(0, colon))));
    }
    return new Names(resolver, hosts);
  }

  private static String plain(String text) {
    if (text.isBlank() || text.chars().anyMatch(Character::isISOControl)) {
      throw new IllegalArgumentException("not a name or an address: '%s'".formatted(text));
    }
    return text;
  }

  /// Writes the files, and returns how they get into a container.
  ///
  /// @param folder gets them
  /// @param hostNetwork whether the host's own files are used where nothing is said
  List<BindMount> mounts(Path folder, boolean hostNetwork) throws IOException {
    List<BindMount> mounts = new ArrayList<>();
    add(mounts, resolver, folder.resolve("resolv.conf"), RESOLVER, hostNetwork);
    List<String> lines = new ArrayList<>(hosts);
    if (!lines.isEmpty()) {
      lines.addFirst("127.0.0.1\tlocalhost");
    }
    add(mounts, lines, folder.resolve("hosts"), HOSTS, hostNetwork);
    return mounts;
  }

  private static void add(
      List<BindMount> mounts, List<String> lines, Path file, String there, boolean hostNetwork)
      throws IOException {
    if (!lines.isEmpty()) {
      Files.write(file, lines);
      mounts.add(new BindMount("bind", file.toString(), there, List.of("rbind", "ro")));
    } else if (hostNetwork) {
      mounts.add(new BindMount("bind", there, there, List.of("rbind", "ro")));
    }
  }
}
