package dev.asterism.images;

import dev.asterism.registry.RegistryClient;
import java.nio.file.Path;

/// What is needed to open images wherever they are. Immutable.
///
/// @param registries for those in one; stays the caller's
/// @param spools folder for what has to be unpacked
/// @param node this machine's store; asked only for images in it
public record ImagePlaces(RegistryClient registries, Path spools, NodeStore node) {}
