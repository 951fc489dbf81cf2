package dev.asterism.cache;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// The images that stay: a small file in the cache root, one line each.
///
/// A line is the image's name, the time, and the layers' digests with commas between, separated by
/// tabs. The file is replaced as a whole, and is on the disk when a change returns. A line that
/// says something else is logged and kept as it is: it may be of a later version. Thread-safe.
final class Pins {
  private static final System.Logger LOG = System.getLogger(Pins.class.getName());
  private static final int MAX_SIZE = 16 << 20; // 16 MiB, some 50,000 images
  private static final String TAB = "\t";

  private final Path file;
  private final Map<String, Pin> pins = new LinkedHashMap<>(); // guarded by this
  private final List<String> foreign = new ArrayList<>(); // guarded by this
  private volatile Set<Digest> layers = Set.of();

  private Pins(Path file) {
    this.file = file;
  }

  /// Reads the file, if there is one.
  ///
  /// @throws IOException if it cannot be read, or is too large to be one of ours
  static Pins open(Path file) throws IOException {
    Pins pins = new Pins(file);
    pins.load();
    return pins;
  }

  /// Tells whether a layer belongs to a pinned image.
  boolean contain(Digest layer) {
    return layers.contains(layer);
  }

  synchronized List<Pin> list() {
    return List.copyOf(pins.values());
  }

  /// Adds an image, or replaces what it was pinned as.
  ///
  /// @throws IOException if it cannot be written down; then nothing is pinned
  synchronized void add(Pin pin) throws IOException {
    Map<String, Pin> changed = new LinkedHashMap<>(pins);
    changed.put(pin.image(), pin);
    replace(changed);
  }

  /// Removes an image; false if it was not pinned.
  ///
  /// @throws IOException if that cannot be written down; then it stays pinned
  synchronized boolean remove(String image) throws IOException {
    Map<String, Pin> changed = new LinkedHashMap<>(pins);
    if (changed.remove(image) == null) {
      return false;
    }
    replace(changed);
    return true;
  }

  private synchronized void replace(Map<String, Pin> changed) throws IOException {
    StringBuilder text = new StringBuilder();
    for (Pin pin : changed.values()) {
      String digests = pin.layers().stream().map(Digest::toString).collect(Collectors.joining(","));
      text.append(String.join(TAB, pin.image(), pin.since().toString(), digests)).append('\n');
    }
    foreign.forEach(line -> text.append(line).append('\n'));
    write(text.toString().getBytes(StandardCharsets.UTF_8));
    pins.clear();
    pins.putAll(changed);
    summarize();
  }

  private void write(byte[] bytes) throws IOException {
    Path next = file.resolveSibling(file.getFileName() + ".new");
    try (FileChannel channel =
        FileChannel.open(
            next,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING)) {
      for (ByteBuffer left = ByteBuffer.wrap(bytes); left.hasRemaining(); ) {
        channel.write(left);
      }
      channel.force(true);
    }
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel directory = FileChannel.open(file.resolveSibling("."))) {
      directory.force(true);
    }
  }

  private synchronized void load() throws IOException {
    byte[] bytes;
    try (var in = Files.newInputStream(file)) {
      bytes = in.readNBytes(MAX_SIZE + 1);
    } catch (NoSuchFileException _) {
      return;
    }
    if (bytes.length > MAX_SIZE) {
      throw new IOException("%s is larger than %d bytes: not ours".formatted(file, MAX_SIZE));
    }
    for (String line : new String(bytes, StandardCharsets.UTF_8).lines().toList()) {
      Optional<Pin> pin = parse(line);
      if (pin.isPresent()) {
        pins.put(pin.get().image(), pin.get());
      } else if (!line.isBlank()) {
        foreign.add(line);
        LOG.log(System.Logger.Level.WARNING, "a line of {0} is no pin", file);
      }
    }
    summarize();
  }

  private static Optional<Pin> parse(String line) {
    String[] fields = line.split(TAB, -1);
    if (fields.length != 3) {
      return Optional.empty();
    }
    List<Optional<Digest>> digests =
        Arrays.stream(fields[2].split(",", -1)).map(Digest::find).toList();
    if (digests.stream().anyMatch(Optional::isEmpty)) {
      return Optional.empty();
    }
    try {
      List<Digest> layers = digests.stream().flatMap(Optional::stream).toList();
      return Optional.of(new Pin(fields[0], layers, Instant.parse(fields[1])));
    } catch (DateTimeException | IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private synchronized void summarize() {
    layers =
        pins.values().stream()
            .flatMap(pin -> pin.layers().stream())
            .collect(Collectors.toUnmodifiableSet());
  }
}
