package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.estargz.Chunk;
import dev.asterism.estargz.TocEntry;
import dev.asterism.estargz.TocLocation;
import dev.asterism.registry.Platform;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/// What the second of two images has that the first has not: files, and what those cost a node that
/// holds the first. From TOCs alone; layers without one can't be compared. Immutable.
///
/// @param added names that only the second shows, sorted
/// @param removed names that only the first shows
/// @param changed names of regular files that both show, with another content
/// @param newChunks chunks that no layer of the first has, each once
/// @param newBytes their uncompressed bytes: what the node keeps
/// @param newCompressed the bytes of the members they lie in, and the TOCs of layers that the first
///   does not have: what the node fetches if it reads everything
/// @param allCompressed bytes of all layers of the second
public record ImageDiff(
    List<String> added,
    List<String> removed,
    List<String> changed,
    long newChunks,
    long newBytes,
    long newCompressed,
    long allCompressed) {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";

  public ImageDiff {
    added = List.copyOf(added);
    removed = List.copyOf(removed);
    changed = List.copyOf(changed);
  }

  /// Compares two images.
  ///
  /// @throws IOException if one can't be read, or has a layer without a TOC
  public static ImageDiff of(ImageSource first, ImageSource second, Platform platform)
      throws IOException {
    Side before = Side.of(first, platform);
    Side after = Side.of(second, platform);
    List<String> added = new ArrayList<>();
    List<String> changed = new ArrayList<>();
    after.files.forEach((name, content) -> {
      if (!before.files.containsKey(name)) {
        added.add(name);
      } else if (!content.equals(before.files.get(name))) {
        changed.add(name);
      }
    });
    List<String> removed =
        before.files.keySet().stream().filter(name -> !after.files.containsKey(name)).toList();
    Cost cost = new Cost(before);
    for (LayerToc layer : after.layers) {
      cost.add(layer);
    }
    return new ImageDiff(
        added, removed, changed, cost.chunks, cost.bytes, cost.compressed, after.compressed);
  }

  private record LayerToc(Digest digest, TocLocation location, List<TocEntry> entries) {}

  /// What one image shows and holds.
  private static final class Side {
    /// Content of files by digest, of all else by what it is.
    private final SortedMap<String, String> files = new TreeMap<>();

    private final Set<Digest> chunks = new HashSet<>();
    private final Set<Digest> digests = new HashSet<>();
    private final List<LayerToc> layers = new ArrayList<>();
    private long compressed;

    private static Side of(ImageSource source, Platform platform) throws IOException {
      Side side = new Side();
      LayerTocs tocs = new LayerTocs(source);
      for (PlatformImage.Layer layer : PlatformImage.of(source, platform).layers()) {
        Blob blob = source.blob(layer.descriptor());
        List<TocEntry> entries = new ArrayList<>();
        try {
          Digest digest = layer.descriptor().digest();
          LayerTocs.Toc toc = tocs.read(digest, blob, entries::add);
          side.add(new LayerToc(digest, toc.location(), entries));
        } catch (MalformedLayerException e) {
          throw new IOException(
              "layer %s: %s".formatted(layer.descriptor().digest(), e.getMessage()), e);
        }
        side.compressed += layer.descriptor().size();
      }
      return side;
    }

    private void add(LayerToc layer) {
      layers.add(layer);
      digests.add(layer.digest());
      for (TocEntry entry : layer.entries()) {
        hide(entry.name());
      }
      for (TocEntry entry : layer.entries()) {
        String last = entry.name().substring(entry.name().lastIndexOf('/') + 1);
        if (!last.startsWith(WHITEOUT) && !entry.isBookkeeping() && !entry.name().isEmpty()) {
          files.put(entry.name(), content(entry));
        }
        if (entry instanceof TocEntry.RegularFile file) {
          file.chunks().forEach(chunk -> chunk.digest().ifPresent(chunks::add));
        }
      }
    }

    private void hide(String name) {
      int slash = name.lastIndexOf('/') + 1;
      String folder = name.substring(0, slash);
      String last = name.substring(slash);
      if (last.equals(OPAQUE)) {
        below(folder);
      } else if (last.startsWith(WHITEOUT)) {
        String hidden = folder + last.substring(WHITEOUT.length());
        files.remove(hidden);
        below(hidden + "/");
      }
    }

    private void below(String folder) {
      if (folder.isEmpty()) {
        files.clear();
      } else {
        // '0' follows '/': all names that start with the folder.
        files.subMap(folder, folder.substring(0, folder.length() - 1) + '0').clear();
      }
    }

    private static String content(TocEntry entry) {
      return switch (entry) {
        case TocEntry.RegularFile file ->
            file.digest().map(Digest::toString).orElseGet(() -> file.chunks().toString());
        case TocEntry.Symlink link -> "symlink " + link.target();
        case TocEntry.HardLink link -> "hard link " + link.target();
        case TocEntry.Directory _ -> "directory";
        case TocEntry.Device device -> "device %d:%d".formatted(device.major(), device.minor());
        case TocEntry.Fifo _ -> "fifo";
      };
    }
  }

  /// Sums up what is new.
  private static final class Cost {
    private final Side before;
    private final Set<Digest> counted = new HashSet<>();
    private long chunks;
    private long bytes;
    private long compressed;

    private Cost(Side before) {
      this.before = before;
    }

    private void add(LayerToc layer) {
      if (!before.digests.contains(layer.digest())) {
        compressed += layer.location().range().length();
      }
      NavigableSet<Long> members = new TreeSet<>();
      members.add(layer.location().tocOffset());
      Map<Digest, Chunk> fresh = new HashMap<>();
      for (TocEntry entry : layer.entries()) {
        if (entry instanceof TocEntry.RegularFile file) {
          for (Chunk chunk : file.chunks()) {
            members.add(chunk.blobOffset());
            chunk
                .digest()
                .filter(digest -> !before.chunks.contains(digest) && counted.add(digest))
                .ifPresent(digest -> fresh.put(digest, chunk));
          }
        }
      }
      Set<Long> wanted = new TreeSet<>();
      for (Chunk chunk : fresh.values()) {
        chunks++;
        bytes += chunk.size();
        wanted.add(chunk.blobOffset());
      }
      for (long member : wanted) {
        compressed += Math.max(member, members.ceiling(member + 1)) - member;
      }
    }
  }
}
