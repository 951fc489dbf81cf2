package dev.asterism.cache;

import dev.asterism.cache.index.Place;
import dev.asterism.content.Digest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;

/// Where things lie under a cache root. Every path of the store is made here. Thread-safe.
///
/// ```
/// objects/ab/<hex>       a chunk that is a whole file, or a completed file of several chunks
/// chunks/ab/<hex>        a chunk that is a part of a file, until the file is complete
/// fresh/ab/<hex>         a second link to what may not be on the disk yet
/// layers/<hex>/ab/<key>  a layer's link to a chunk; ab: bits 8 to 15 of the entry's number
/// own/<hex>/ab/<hex>     a layer's own copy of a file, where nothing is shared
/// own/<hex>/parts/ab/    and of parts of files
/// wip/<number>           unfinished writes
/// doubtful/              what a crash left in fresh, until it is hashed again
/// links.json             what is known of the files beyond what stands here, see [LinksFile]
/// links.journal          what of that has changed since
/// pins                   the images that stay
/// scrub                  how far everything has been hashed again
/// running                there while a process has the store open
/// lock                   locked by that process
/// ```
///
/// A directory `ab` is made when its first file comes: all of them would be 768, and a block each.
/// Neighbours in a layer share one, so that a small layer has few. Layers are named by the hex of
/// their digest: a colon would end a directory's name in an overlay's `lowerdir` option.
public final class CacheLayout {
  private static final HexFormat HEX = HexFormat.of();

  /// The names of the 256 directories that files are spread over.
  public static final List<String> FAN_OUT =
      IntStream.range(0, 256).mapToObj(i -> HEX.toHexDigits((byte) i)).toList();

  /// The directory of parts in a layer's own: no redirect leads there.
  static final String PARTS = "parts";

  private final Path root;
  private final String objects;
  private final String chunks;
  private final String fresh;
  private final String layers;
  private final String own;
  private final String wip;
  private final String doubtful;
  private final AtomicLong unfinished = new AtomicLong();

  /// @param root the cache's, which need not be there
  public CacheLayout(Path root) {
    this.root = root.toAbsolutePath().normalize();
    objects = this.root + "/objects/";
    chunks = this.root + "/chunks/";
    fresh = this.root + "/fresh/";
    layers = this.root + "/layers/";
    own = this.root + "/own/";
    wip = this.root + "/wip/";
    doubtful = this.root + "/doubtful/";
  }

  /// Returns what follows the directory in a digest's paths: `ab/<hex>`.
  static String name(Digest digest) {
    byte[] name = new byte[3 + 2 * Digest.SIZE];
    digest.hex(name, 3);
    name[0] = name[3];
    name[1] = name[4];
    name[2] = '/';
    return new String(name, StandardCharsets.ISO_8859_1);
  }

  String object(Digest digest) {
    return objects + name(digest);
  }

  String part(Digest digest) {
    return chunks + name(digest);
  }

  /// Returns which of the two a digest's path is.
  Place placeOf(String path) {
    return path.startsWith(objects) ? Place.OBJECT : Place.CHUNK;
  }

  String fresh(Digest digest) {
    return fresh + name(digest);
  }

  /// Returns the directory of a layer's links.
  public String layer(Digest layer) {
    return layers + layer.hex();
  }

  /// Returns a layer's link to a chunk.
  String key(Digest layer, ChunkKey key) {
    return layers + layer.hex() + "/" + FAN_OUT.get(fan(key)) + "/" + key;
  }

  /// Returns in which of a layer's 256 directories a key lies.
  static int fan(ChunkKey key) {
    return key.entry() >> 8 & 0xff;
  }

  /// Returns a path in `wip` that nobody else got since the cache was opened.
  String unfinished() {
    return wip + unfinished.getAndIncrement();
  }

  String doubtfulObject(Digest digest) {
    return doubtful + "objects/" + digest.hex();
  }

  String doubtfulPart(Digest digest) {
    return doubtful + "chunks/" + digest.hex();
  }

  /// Returns the root, absolute.
  public Path root() {
    return root;
  }

  /// Returns the directory of whole files, absolute.
  public Path objects() {
    return root.resolve("objects");
  }

  /// Returns the directory of parts of files, absolute.
  public Path chunks() {
    return root.resolve("chunks");
  }

  /// Returns the directory of second links, absolute.
  public Path fresh() {
    return root.resolve("fresh");
  }

  /// Returns the directory of the layers' directories, absolute.
  public Path layers() {
    return root.resolve("layers");
  }

  /// Returns a layer's own copy of a whole file.
  String own(Digest layer, Digest digest) {
    return ownOf(layer) + "/" + name(digest);
  }

  /// Returns a layer's own copy of a part of a file.
  String ownPart(Digest layer, Digest digest) {
    return ownOf(layer) + "/" + PARTS + "/" + name(digest);
  }

  /// Returns the directory of all that a layer has for itself.
  String ownOf(Digest layer) {
    return own + layer.hex();
  }

  /// Returns the directories of all that a layer holds: of its links, and of its own copies.
  public List<String> directoriesOf(Digest layer) {
    return List.of(layer(layer), ownOf(layer));
  }

  /// Returns the directory of the layers' own copies, absolute.
  public Path own() {
    return root.resolve("own");
  }

  /// Returns the directory of unfinished writes, absolute.
  public Path wip() {
    return root.resolve("wip");
  }

  /// Returns the directory of what has to be hashed again, absolute.
  public Path doubtful() {
    return root.resolve("doubtful");
  }

  Path running() {
    return root.resolve("running");
  }

  Path pins() {
    return root.resolve("pins");
  }

  Path scrub() {
    return root.resolve("scrub");
  }

  Path lock() {
    return root.resolve("lock");
  }
}
