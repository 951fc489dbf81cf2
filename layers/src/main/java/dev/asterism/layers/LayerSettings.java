package dev.asterism.layers;

import dev.asterism.cache.CacheSettings;

/// How lazy layers are fetched and kept. Immutable.
///
/// @param fetching how much is fetched at a time, and how long somebody waits for it
/// @param starts what is fetched before anybody asks for it
/// @param outages how long a read waits for a registry that is away, where its image says nothing
/// @param store how the store is kept
public record LayerSettings(
    FetchPolicy fetching, StartPolicy starts, OutagePolicy outages, CacheSettings store) {
  /// What is read is fetched, and nothing else; a registry that is away is not waited for.
  public static LayerSettings onDemand(FetchPolicy fetching) {
    return new LayerSettings(
        fetching, StartPolicy.NOTHING, OutagePolicy.FAIL, CacheSettings.DEFAULT);
  }
}
