package dev.asterism.cli.optimize;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.function.Predicate;

/// Whom a container's program runs as. Immutable.
///
/// @param supplementary further groups
record ContainerUser(long uid, long gid, List<Long> supplementary) {
  private static final long MAX_ID = 0xffff_fffeL; // -1 means nobody to the kernel

  ContainerUser {
    supplementary = List.copyOf(supplementary);
  }

  /// Reads `user[:group]`, names or numbers, with the image's own files (OCI image specification,
  /// "User").
  ///
  /// @param text empty for root
  /// @param passwd lines of the image's `/etc/passwd`
  /// @param group lines of its `/etc/group`
  /// @throws IOException if the image knows no such user or group
  static ContainerUser of(String text, List<String> passwd, List<String> group) throws IOException {
    String[] parts = text.split(":", 2);
    String user = parts[0].isEmpty() ? "0" : parts[0];
    Optional<Long> number = number(user);
    Optional<String[]> entry =
        find(passwd, 4, f -> f[0].equals(user))
            .or(() -> find(passwd, 4, f -> number.isPresent() && number(f[2]).equals(number)));
    Optional<Long> uid = entry.flatMap(f -> number(f[2])).or(() -> number);
    if (uid.isEmpty()) {
      throw new IOException("the image's /etc/passwd has no user '%s'".formatted(user));
    }
    if (parts.length == 2 && !parts[1].isEmpty()) {
      return new ContainerUser(uid.get(), groupId(parts[1], group), List.of());
    }
    long gid = entry.flatMap(f -> number(f[3])).orElse(0L);
    TreeSet<Long> more = new TreeSet<>();
    entry.ifPresent(f ->
        group.stream()
            .map(line -> line.split(":", -1))
            .filter(g -> g.length >= 4 && List.of(g[3].split(",")).contains(f[0]))
            .forEach(g -> number(g[2]).ifPresent(more::add)));
    more.remove(gid);
    return new ContainerUser(uid.get(), gid, List.copyOf(more));
  }

  private static long groupId(String name, List<String> group) throws IOException {
    return find(group, 3, f -> f[0].equals(name))
        .flatMap(f -> number(f[2]))
        .or(() -> number(name))
        .orElseThrow(
            () -> new IOException("the image's /etc/group has no group '%s'".formatted(name)));
  }

  private static Optional<String[]> find(
      List<String> lines, int fields, Predicate<String[]> wanted) {
    return lines.stream()
        .map(line -> line.split(":", -1))
        .filter(f -> f.length >= fields && wanted.test(f))
        .findFirst();
  }

  private static Optional<Long> number(String text) {
    if (!text.matches("[0-9]{1,10}")) {
      return Optional.empty();
    }
    long value = Long.parseLong(text);
    return value <= MAX_ID ? Optional.of(value) : Optional.empty();
  }
}
