package dev.asterism.estargz;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarReader;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;

/// In which order a tar's entries go into a layer: each as its range of the tar, header and
/// content.
///
/// @param prioritized in the order they are wanted in, each behind its directories and link target
/// @param others in the order of the tar
record TarOrder(List<ByteRange> prioritized, List<ByteRange> others) {
  /// @param links the target of a hard link, cleaned; else empty
  private record Item(ByteRange range, String links) {}

  /// Scans a tar.
  static TarOrder of(Blob tar, List<String> names) throws IOException {
    SequencedMap<String, Item> items = scan(tar);
    List<ByteRange> first = new ArrayList<>();
    for (String name : names) {
      take(EntryNames.clean(name, TocLimits.DEFAULT), items, first);
    }
    return new TarOrder(first, items.values().stream().map(Item::range).toList());
  }

  private static SequencedMap<String, Item> scan(Blob tar) throws IOException {
    SequencedMap<String, Item> items = new LinkedHashMap<>();
    try (InputStream in = tar.open(new ByteRange(0, tar.size()))) {
      TarReader reader = new TarReader(in);
      Optional<TarEntry> next = reader.next();
      while (next.isPresent()) {
        TarEntry entry = next.get();
        String name = EntryNames.clean(entry.name(), TocLimits.DEFAULT);
        String links =
            entry.type() == TarEntry.Type.HARD_LINK
                ? EntryNames.clean(entry.linkName(), TocLimits.DEFAULT)
                : "";
        if (!Landmark.isBookkeeping(name)) {
          if (reader.hasGlobalRecords()) {
            throw new MalformedLayerException(
                MalformedLayerException.UNKNOWN_OFFSET,
                "tar: entries can't be sorted under a PAX global header");
          }
          items.remove(name);
          items.put(
              name, new Item(new ByteRange(reader.headerOffset(), reader.endOffset()), links));
        }
        next = reader.next();
      }
    }
    return items;
  }

  /// Moves an entry, with what must come before it, from `items` to the end of `first`.
  private static void take(String name, Map<String, Item> items, List<ByteRange> first) {
    SequencedMap<String, ByteRange> links = new LinkedHashMap<>();
    Item item = items.remove(name);
    for (String next = name; item != null; item = items.remove(next)) {
      links.putFirst(next, item.range());
      next = item.links();
    }
    links.forEach((link, range) -> {
      takeParents(link, items, first);
      first.add(range);
    });
  }

  private static void takeParents(String name, Map<String, Item> items, List<ByteRange> first) {
    for (int slash = name.indexOf('/'); slash > 0; slash = name.indexOf('/', slash + 1)) {
      Item parent = items.remove(name.substring(0, slash));
      if (parent != null) {
        first.add(parent.range());
      }
    }
  }
}
