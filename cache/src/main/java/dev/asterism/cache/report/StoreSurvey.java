package dev.asterism.cache.report;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;

/// All that stands in a store at about one moment, by who holds it. Immutable.
///
/// Every inode is counted once, under exactly the layers that have a name for it. So what would go
/// with a set of layers is the sum of those groups whose holders are all in the set: exact, not an
/// estimate, once what nobody holds is cleaned away.
///
/// While a daemon is at work names come and go during the survey: then a file may be missed or
/// counted as held by fewer than hold it a moment later.
///
/// @param layers those that have a directory, by digest
/// @param groups every combination of holders (indexes of `layers`) that occurs, the empty one too
/// @param objects whole files that stand in `objects`
/// @param parts chunks that are parts of files, in `chunks`
/// @param own copies that a layer has for itself, because the store is without hard links or a link
///   failed
/// @param fresh files that `fresh` leads to
/// @param overhead bytes allocated for what is no content and no layer's: the store's directories,
///   its lists, unfinished writes
public record StoreSurvey(
    List<LayerHold> layers,
    List<SharedBy> groups,
    Amount objects,
    Amount parts,
    Amount own,
    long fresh,
    long overhead) {
  /// Copies the lists.
  public StoreSurvey {
    layers = List.copyOf(layers);
    groups = List.copyOf(groups);
  }

  /// Reads a store. A second for a million links when the directories are in memory.
  ///
  /// @param root the cache's root directory; where there is none, nothing is found
  /// @param progress is told now and then how many names have been read
  /// @throws IOException if a directory cannot be read
  public static StoreSurvey of(Path root, LongConsumer progress) throws IOException {
    return new Surveyor(root, progress).survey();
  }

  /// Returns all content together.
  public Amount content() {
    return groups.stream().map(SharedBy::amount).reduce(Amount.NONE, Amount::plus);
  }

  /// Returns what no layer holds: it goes at the next cleaning.
  public Amount unused() {
    return groups.stream()
        .filter(group -> group.holders().isEmpty())
        .map(SharedBy::amount)
        .reduce(Amount.NONE, Amount::plus);
  }

  /// Returns the bytes on the disk that the layers would take more if each kept its own copies.
  public long saved() {
    return groups.stream()
        .mapToLong(group -> Math.max(0, group.holders().size() - 1) * group.amount().stored())
        .sum();
  }

  /// Returns the number of a layer; -1 if it has no directory in the store.
  public int indexOf(Digest layer) {
    for (int i = 0; i < layers.size(); i++) {
      if (layers.get(i).layer().equals(layer)) {
        return i;
      }
    }
    return -1;
  }
}
