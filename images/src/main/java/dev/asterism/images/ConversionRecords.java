package dev.asterism.images;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
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

  /// To be raised when the writer's bytes change.
  private static final String VERSION = "1";

  private final Path folder;

  /// @param folder made when the first one is kept
  public ConversionRecords(Path folder) {
    this.folder = folder;
  }

  /// Returns what a layer became.
  ///
  /// @param how all that its bytes depend on
  Optional<ConvertedLayer> find(Digest layer, String how) throws IOException {
    try {
      return ConvertedLayer.parse(Files.readAllBytes(file(layer, how)));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    }
  }

  /// Keeps what a layer became.
  void keep(Digest layer, String how, ConvertedLayer made) throws IOException {
    Files.createDirectories(folder);
    Path part = folder.resolve(UUID.randomUUID() + ".part");
    try {
      Files.write(part, made.json().bytes());
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
