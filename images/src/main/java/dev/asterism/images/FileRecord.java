package dev.asterism.images;

import dev.asterism.content.Digest;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;

/// Which files a workload opened, first things first: a file of JSON lines, as `ctr-remote image
/// optimize --record-out` writes it (stargz snapshotter, package `recorder`). Immutable.
///
/// A record outlives its image: the next version is asked for the paths, and for the content where
/// it has another path.
///
/// @param entries in the order of the first opens
public record FileRecord(List<Entry> entries) {
  private static final int MAX_ENTRIES = 1_000_000;
  private static final int MAX_LINE = 64 << 10; // 64 KiB

  public FileRecord {
    entries = List.copyOf(entries);
  }

  /// One file.
  ///
  /// @param path relative to the root
  /// @param manifest digest of the image's manifest; empty where nobody knows
  /// @param layer index of the layer that holds it, 0 is the lowest; empty where nobody knows
  /// @param milliseconds from the workload's start to the first open; our addition, which
  ///   `ctr-remote` passes over; empty in its records
  /// @param content what the file held; our addition too; empty where nobody knows
  public record Entry(
      String path,
      Optional<Digest> manifest,
      OptionalLong layer,
      OptionalLong milliseconds,
      Optional<Content> content) {
    /// Returns one of which only the path and the time are known.
    public static Entry opened(String path, OptionalLong milliseconds) {
      return new Entry(
          path, Optional.empty(), OptionalLong.empty(), milliseconds, Optional.empty());
    }
  }

  /// What a file held.
  ///
  /// @param size bytes
  public record Content(Digest digest, long size) {}

  /// Returns the paths.
  public List<String> paths() {
    return entries.stream().map(Entry::path).distinct().toList();
  }

  /// Reads one.
  ///
  /// @throws IOException if a line is no such object; says which
  public static FileRecord read(Path file) throws IOException {
    List<Entry> entries = new ArrayList<>();
    try (BufferedReader lines = Files.newBufferedReader(file)) {
      int number = 0;
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        number++;
        if (number > MAX_ENTRIES || line.length() > MAX_LINE) {
          throw new IOException(
              "%s: line %d: too many lines or too long a line for a record"
                  .formatted(file, number));
        }
        if (!line.isBlank()) {
          entries.add(entry("%s: line %d".formatted(file, number), line));
        }
      }
    } catch (CharacterCodingException e) {
      throw new IOException(file + ": a record is UTF-8", e);
    }
    return new FileRecord(entries);
  }

  private static Entry entry(String place, String line) throws IOException {
    Json.Obj json = Json.parse(place, line.getBytes(StandardCharsets.UTF_8));
    return new Entry(
        json.text("path").orElseThrow(() -> new IOException(place + ": an entry without a path")),
        json.text("manifestDigest").flatMap(Digest::find),
        whole(json, "layerIndex"),
        whole(json, "milliseconds"),
        json.text("digest")
            .flatMap(Digest::find)
            .flatMap(digest -> json.number("size").map(size -> new Content(digest, size))));
  }

  private static OptionalLong whole(Json.Obj json, String name) {
    Optional<Long> number = json.number(name);
    return number.isPresent() ? OptionalLong.of(number.get()) : OptionalLong.empty();
  }

  /// Writes it; the file is whole or not there.
  public void write(Path file) throws IOException {
    StringBuilder lines = new StringBuilder();
    for (Entry entry : entries) {
      Json.Obj json = Json.Obj.empty().with("path", entry.path());
      if (entry.manifest().isPresent()) {
        json = json.with("manifestDigest", entry.manifest().get().toString());
      }
      json = withNumber(json, "layerIndex", entry.layer());
      json = withNumber(json, "milliseconds", entry.milliseconds());
      if (entry.content().isPresent()) {
        Content content = entry.content().get();
        json = json.with("digest", content.digest().toString());
        json = withNumber(json, "size", OptionalLong.of(content.size()));
      }
      lines.append(new String(json.bytes(), StandardCharsets.UTF_8)).append('\n');
    }
    Path part = file.resolveSibling("." + UUID.randomUUID() + ".part");
    try {
      Files.writeString(part, lines);
      Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
  }

  private static Json.Obj withNumber(Json.Obj json, String name, OptionalLong value) {
    return value.isPresent()
        ? json.with(name, new Json.Num(Long.toString(value.getAsLong())))
        : json;
  }
}
