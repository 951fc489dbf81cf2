package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/// Remembers which layer became which, so that the layers two versions of an image have in common
/// are converted once: conversion gives the same bytes again, and where they already are, nothing
/// has to be done.
///
/// One small file each in a folder; losing them costs time only. Thread-safe; several processes may
/// share the folder.
public final class ConversionRecords {
  private static final int MAX_RECORDS = 20_000; // some 10 MB

  private static final int MAX_REPOSITORIES = 8;

  /// To be raised when the writer's bytes change.
  private static final String VERSION = "1";

  private final Path folder;

  /// @param folder made when the first one is kept
  public ConversionRecords(Path folder) {
    this.folder = folder;
  }

  /// What a layer became, and where that is.
  ///
  /// @param repositories of registries, as `host/repository`, that got it; the latest last
  record Kept(ConvertedLayer made, List<String> repositories) {
    Kept {
      repositories = List.copyOf(repositories);
    }

    /// Returns it with another repository, of which a few are kept.
    Kept with(String repository) {
      List<String> all = new ArrayList<>(repositories);
      all.remove(repository);
      all.add(repository);
      return new Kept(made, all.subList(Math.max(0, all.size() - MAX_REPOSITORIES), all.size()));
    }
  }

  /// Returns what a layer became.
  ///
  /// @param how all that its bytes depend on
  Optional<Kept> find(Digest layer, String how) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file(layer, how));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
    Optional<ConvertedLayer> made = ConvertedLayer.parse(bytes);
    return made.isEmpty()
        ? Optional.empty()
        : Optional.of(new Kept(made.get(), Json.parse("conversion", bytes).texts("repositories")));
  }

  /// Keeps what a layer became.
  void keep(Digest layer, String how, Kept kept) throws IOException {
    Files.createDirectories(folder);
    Path part = folder.resolve(UUID.randomUUID() + ".part");
    List<Json> names = kept.repositories().stream().<Json>map(Json.Str::new).toList();
    Json.Obj json = kept.made().json().with("repositories", new Json.Arr(names));
    try {
      Files.write(part, json.bytes());
      Files.move(part, file(layer, how), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(part);
    }
    shrink();
  }

  private void shrink() throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.list(folder)) {
      all = files.limit(MAX_RECORDS + 1L).toList();
    }
    if (all.size() > MAX_RECORDS) {
      for (Path file : all.subList(0, MAX_RECORDS / 2)) {
        Files.deleteIfExists(file);
      }
    }
  }

  private Path file(Digest layer, String how) {
    String key = "%s %s %s".formatted(VERSION, layer, how);
    return folder.resolve(Digest.of(key.getBytes(UTF_8)).hex() + ".json");
  }
}
