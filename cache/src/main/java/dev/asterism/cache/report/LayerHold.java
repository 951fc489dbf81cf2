package dev.asterism.cache.report;

import dev.asterism.content.Digest;

/// One layer's part in the store. Immutable.
///
/// @param links names that the layer has for chunks and files
/// @param linked bytes that these names lead to: what the layer would take alone
/// @param directories bytes allocated for the directories that the names stand in; they go with the
///   layer
public record LayerHold(Digest layer, long links, long linked, long directories) {}
