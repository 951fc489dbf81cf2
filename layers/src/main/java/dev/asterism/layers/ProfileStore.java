package dev.asterism.layers;

import dev.asterism.content.Digest;
import dev.asterism.registry.ImageReference;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// The profiles of a node: `<root>/profiles/`, a small text file for each image reference.
///
/// They tell what containers read, so only root may read them: the directory is 0700, files are
/// 0600. A file that is damaged is as good as none, and is replaced by the next start. The oldest
/// go when there are more than [#MAX_PROFILES]. Thread-safe; several processes may use one
/// directory: a file is replaced as a whole.
public final class ProfileStore {
  /// Longest text of a profile, in bytes.
  public static final int MAX_BYTES = ProfileText.MAX_BYTES;

  /// How many are kept.
  public static final int MAX_PROFILES = 512;

  private static final Logger LOGGER = System.getLogger(ProfileStore.class.getName());
  private static final String SUFFIX = ".profile";
  private static final String UNFINISHED = ".new";
  private static final int NAME = 16; // hex digits of a digest

  private final Path directory;

  private ProfileStore(Path directory) {
    this.directory = directory;
  }

  /// Returns the profiles below a root, which need not have any.
  public static ProfileStore of(Path root) {
    return new ProfileStore(root.resolve("profiles"));
  }

  /// Finds what to replay for an image: its own profile, or the newest of another version of it.
  public Optional<Profile> find(String image) {
    Optional<Profile> own = readable(fileOf(image)).filter(found -> found.image().equals(image));
    return own.isPresent()
        ? own
        : all(prefixOf(image) + "-*" + SUFFIX).stream()
            .filter(other -> repository(other.image()).equals(repository(image)))
            .max(Comparator.comparing(Profile::recorded));
  }

  /// Finds the profile of exactly this image.
  public Optional<Profile> findExactly(String image) {
    return readable(fileOf(image)).filter(found -> found.image().equals(image));
  }

  /// Returns all, by image.
  public List<Profile> list() {
    return all("*" + SUFFIX).stream().sorted(Comparator.comparing(Profile::image)).toList();
  }

  private List<Profile> all(String glob) {
    List<Profile> found = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, glob)) {
      for (Path file : files) {
        readable(file).ifPresent(found::add);
      }
    } catch (NoSuchFileException | NotDirectoryException _) {
      return List.of();
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, "profiles cannot be listed directory={0} cause={1}", directory, e);
    }
    return found;
  }

  private static Optional<Profile> readable(Path file) {
    try {
      if (Files.size(file) > ProfileText.MAX_BYTES) {
        throw new IOException("larger than %d bytes".formatted(ProfileText.MAX_BYTES));
      }
      return Optional.of(ProfileText.read(Files.readString(file)));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, "profile is not used file={0} cause=\"{1}\"", file, e.getMessage());
      return Optional.empty();
    }
  }

  /// Keeps a profile in place of the one that its image had.
  public void put(Profile profile) throws IOException {
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Path file = fileOf(profile.image());
    Path unfinished = Files.createTempFile(directory, "", UNFINISHED); // 0600
    try {
      Files.writeString(unfinished, ProfileText.write(profile), StandardCharsets.UTF_8);
      Files.move(
          unfinished, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(unfinished);
    }
    prune();
  }

  /// Reads a profile that [#export] wrote.
  ///
  /// @throws IOException if the text is none, or longer than [#MAX_BYTES]
  public static Profile parse(String text) throws IOException {
    if (text.length() > MAX_BYTES) {
      throw new IOException("longer than any profile: %d characters".formatted(text.length()));
    }
    return ProfileText.read(text);
  }

  /// Returns a profile as text, to be imported elsewhere.
  public static String export(Profile profile) {
    return ProfileText.write(profile);
  }

  private void prune() throws IOException {
    record Aged(Path file, long modified) {}
    List<Aged> files = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        files.add(new Aged(entry, Files.getLastModifiedTime(entry).toMillis()));
      }
    } catch (NoSuchFileException _) {
      return; // another process was quicker
    }
    files.sort(Comparator.comparingLong(Aged::modified));
    for (int i = 0; i < files.size() - MAX_PROFILES; i++) {
      Files.deleteIfExists(files.get(i).file());
    }
  }

  private Path fileOf(String image) {
    return directory.resolve(prefixOf(image) + "-" + shortened(image) + SUFFIX);
  }

  private static String prefixOf(String image) {
    return shortened(repository(image));
  }

  private static String shortened(String text) {
    return Digest.of(text.getBytes(StandardCharsets.UTF_8)).hex().substring(0, NAME);
  }

  /// Returns host and repository of a reference; what is none stands for itself.
  static String repository(String image) {
    try {
      ImageReference reference = ImageReference.parse(image);
      return reference.host() + "/" + reference.repository();
    } catch (IllegalArgumentException _) {
      return image;
    }
  }
}
