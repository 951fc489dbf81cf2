package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/// Makes a profile of a start: files with their names, ranges and times. Immutable.
final class LearnedFiles {
  private final Path layers;
  private final Catalog catalog;

  /// @param layers the directory of all compiled layers
  /// @param catalog tells what a file takes in its layer's blob
  LearnedFiles(Path layers, Catalog catalog) {
    this.layers = layers;
    this.catalog = catalog;
  }

  /// A file that was used: its chunks, and when the first of them was.
  private static final class Used {
    final LayerContent layer;
    final LayerObject object;
    final long time;
    final List<LayerChunk> chunks = new ArrayList<>();

    Used(ActiveStart.Use first) {
      layer = first.layer();
      object = layer.table().object(first.chunk().object());
      time = first.time();
    }

    /// Returns what was used of the file, chunks that touch as one range; what is too much for a
    /// profile as one range to the end of the last.
    List<ByteRange> ranges() {
      List<ByteRange> ranges = new ArrayList<>();
      chunks.sort(Comparator.comparingLong(LayerChunk::fileOffset));
      for (LayerChunk chunk : chunks) {
        boolean touches = !ranges.isEmpty() && ranges.getLast().end() >= chunk.fileOffset();
        if (touches || ranges.size() == Profile.MAX_RANGES) {
          ranges.add(
              new ByteRange(
                  ranges.getLast().start(), Math.max(ranges.removeLast().end(), chunk.fileEnd())));
        } else {
          ranges.add(new ByteRange(chunk.fileOffset(), chunk.fileEnd()));
        }
      }
      return ranges;
    }
  }

  /// Returns the names of all contents that a start used, by layer and content.
  Map<Digest, Map<Digest, String>> names(ActiveStart start) throws IOException {
    Map<Digest, Set<Digest>> wanted = new HashMap<>();
    for (ActiveStart.Use use : start.uses()) {
      wanted
          .computeIfAbsent(use.layer().digest(), _ -> new HashSet<>())
          .add(use.layer().table().digest(use.chunk().object()));
    }
    Map<Digest, Map<Digest, String>> names = new HashMap<>();
    for (Map.Entry<Digest, Set<Digest>> layer : wanted.entrySet()) {
      LayerDirectory directory = LayerDirectory.of(layers, layer.getKey());
      if (directory.exists()) {
        names.put(layer.getKey(), LayerNames.of(directory.image(), layer.getValue()));
      }
    }
    return names;
  }

  /// Returns what is to be replayed next time; empty if the start used nothing that was seen.
  ///
  /// Of the profile that the image had, that stays which this start could not show to be useless:
  /// the kernel may have read it by itself.
  Optional<Profile> profile(
      ActiveStart start,
      Map<Digest, Map<Digest, String>> names,
      Optional<Profile> former,
      Instant now) {
    List<Used> used = used(start);
    if (used.isEmpty()) {
      return Optional.empty();
    }
    List<Digest> chain = start.layers();
    List<Profile.File> files = new ArrayList<>();
    Set<Digest> contents = new HashSet<>();
    long bytes = 0;
    for (Used each : used) {
      int layer = chain.indexOf(each.layer.digest());
      if (layer >= 0 && files.size() < Profile.MAX_FILES) {
        files.add(file(start, each, layer, names));
        contents.add(each.object.digest());
        bytes += packed(each.layer, each.object, files.getLast().ranges());
      }
    }
    for (Profile.File file : kept(start, former, contents)) {
      if (files.size() < Profile.MAX_FILES) {
        files.add(file);
        bytes += packed(chain.get(file.layer()), file);
      }
    }
    files.sort(Comparator.comparingLong(Profile.File::millis));
    return Optional.of(
        new Profile(start.image(), now.truncatedTo(ChronoUnit.SECONDS), bytes, chain, files));
  }

  private static List<Used> used(ActiveStart start) {
    record Key(Digest layer, int object) {}
    Map<Key, Used> files = new LinkedHashMap<>();
    for (ActiveStart.Use use : start.uses()) {
      files
          .computeIfAbsent(new Key(use.layer().digest(), use.chunk().object()), _ -> new Used(use))
          .chunks
          .add(use.chunk());
    }
    return List.copyOf(files.values());
  }

  private static Profile.File file(
      ActiveStart start, Used used, int layer, Map<Digest, Map<Digest, String>> names) {
    Digest content = used.object.digest();
    return new Profile.File(
        Math.max(0, TimeUnit.NANOSECONDS.toMillis(used.time - start.mountedAt())),
        layer,
        content,
        used.object.size(),
        used.ranges(),
        names.getOrDefault(used.layer.digest(), Map.of()).getOrDefault(content, ""));
  }

  /// Returns what a file of a former profile takes in its layer's blob; 0 if that is not mounted
  /// any more.
  private long packed(Digest layer, Profile.File file) {
    Optional<LayerContent> content = catalog.layer(layer);
    OptionalInt index =
        content.isEmpty() ? OptionalInt.empty() : content.get().table().find(file.content());
    if (index.isEmpty()) {
      return 0;
    }
    LayerObject object = content.get().table().object(index.getAsInt());
    return packed(content.get(), object, file.rangesIn(object.size()));
  }

  private static long packed(LayerContent layer, LayerObject object, List<ByteRange> ranges) {
    return ranges.stream()
        .flatMap(range -> layer.table().chunksOf(object, range).stream())
        .mapToLong(Batch::packed)
        .sum();
  }

  /// Returns the files of the former profile that this start neither used nor fetched in vain; none
  /// if the image has other layers now.
  private static List<Profile.File> kept(
      ActiveStart start, Optional<Profile> former, Set<Digest> used) {
    if (former.isEmpty() || !former.get().layers().equals(start.layers())) {
      return List.of();
    }
    return former.get().files().stream()
        .filter(file -> !used.contains(file.content()))
        .filter(file -> start.replay().map(replay -> !replay.asked(file.content())).orElse(true))
        .toList();
  }
}
