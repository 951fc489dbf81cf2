package dev.asterism.layers;

import dev.asterism.erofs.Attributes;
import dev.asterism.erofs.EntryPath;
import dev.asterism.erofs.OrdinaryLayers;
import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.RootedDirectory;
import dev.asterism.linux.Xattrs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// The lower directories below a chain, as containerd looks at them when it unpacks a layer that
/// needs a directory it does not name: one after the other, symlinks followed within each
/// (containerd, `pkg/archive/tar.go`, `mkparent`). Thread-safe.
final class LowerDirectories implements OrdinaryLayers {
  private final List<Path> topFirst;

  LowerDirectories(List<Path> topFirst) {
    this.topFirst = List.copyOf(topFirst);
  }

  @Override
  public Optional<Attributes> findDirectory(EntryPath path) throws IOException {
    byte[] name = path.isRoot() ? new byte[] {'.'} : path.toBytes();
    for (Path lower : topFirst) {
      Optional<RootedDirectory> found;
      try {
        found = RootedDirectory.find(lower, name);
      } catch (ErrnoException e) {
        if (e.is(Errno.ENOTDIR)) {
          return Optional.empty(); // a file or a whiteout, which hides what is further below
        }
        throw e;
      }
      if (found.isPresent()) {
        try (RootedDirectory directory = found.get()) {
          return Optional.of(attributes(directory.path()));
        }
      }
    }
    return Optional.empty();
  }

  private static Attributes attributes(Path directory) throws IOException {
    Map<String, Object> unix =
        Files.readAttributes(directory, "unix:mode,uid,gid,lastModifiedTime");
    Instant mtime = ((FileTime) of(unix, "lastModifiedTime")).toInstant();
    Map<String, byte[]> xattrs = new HashMap<>();
    for (String xattr : Xattrs.list(directory)) {
      Xattrs.find(directory, xattr).ifPresent(value -> xattrs.put(xattr, value));
    }
    return new Attributes(
        (int) of(unix, "mode") & 07777,
        Integer.toUnsignedLong((int) of(unix, "uid")),
        Integer.toUnsignedLong((int) of(unix, "gid")),
        mtime.getEpochSecond(),
        mtime.getNano(),
        xattrs);
  }

  private static Object of(Map<String, Object> attributes, String name) {
    return Objects.requireNonNull(attributes.get(name), name);
  }
}
