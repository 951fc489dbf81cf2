package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/// Takes the rows of one file into an index, checking every field. Confined to one thread.
///
/// Rows say what stood when they were written. The disk has the last word, so what is wrong in one
/// is passed over and counted.
final class Restoring {
  /// Bounds what a hostile or broken file can make us keep: the longest text that we write has 64
  /// digits, and we nest three deep.
  static final JsonFactory JSON =
      JsonFactory.builder()
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(8)
                  .maxStringLength(1 << 10)
                  .maxNameLength(1 << 10)
                  .maxNumberLength(20)
                  .maxDocumentLength(-1)
                  .build())
          .build();

  private static final int MOST_LAYERS = 1 << 20;

  private final LinksIndex index;
  private final Predicate<Digest> layerExists;
  private final Map<Integer, Digest> layers = new HashMap<>();
  private long rows;
  private long wrong;

  private final BooleanSupplier stopped;

  /// @param stopped asked now and then; then reading throws [CancellationException]
  Restoring(LinksIndex index, Predicate<Digest> layerExists, BooleanSupplier stopped) {
    this.stopped = stopped;
    this.index = index;
    this.layerExists = layerExists;
  }

  static JsonParser parser(byte[] text, int offset, int length) {
    return JSON.createParser(ObjectReadContext.empty(), text, offset, length);
  }

  long rows() {
    return rows;
  }

  long wrong() {
    return wrong;
  }

  /// Takes a layer's number in this file.
  void layer(int number, Optional<Digest> layer) {
    if (layer.isEmpty() || layers.size() >= MOST_LAYERS) {
      wrong++;
    } else if (layerExists.test(layer.get())) {
      layers.put(number, layer.get());
    }
  }

  /// Reads `[digest, places, size, lastUse, verified, key…]` behind its first bracket.
  ///
  /// @param news whether it replaces what an older row said
  void digest(JsonParser parser, boolean news) {
    count();
    Optional<Digest> digest = digestOf(parser, parser.nextToken());
    String places = parser.nextToken() == JsonToken.VALUE_STRING ? parser.getString() : "";
    long size = number(parser);
    long lastUse = number(parser);
    long verified = number(parser);
    boolean isObject = places.indexOf('o') >= 0;
    boolean isChunk = places.indexOf('c') >= 0;
    if (digest.isPresent() && (isObject || isChunk) && size > 0 && isTime(lastUse, verified)) {
      index.restore(
          new LinksIndex.Entry(
              digest.get(), isObject, isChunk, size, (int) lastUse, (int) verified),
          news);
    } else {
      wrong++;
      digest = Optional.empty();
    }
    for (JsonToken t = parser.nextToken(); t == JsonToken.VALUE_STRING; t = parser.nextToken()) {
      if (digest.isPresent()) {
        link(parser, digest.get());
      }
    }
  }

  private void count() {
    if (++rows % 1024 == 0 && stopped.getAsBoolean()) {
      throw new CancellationException();
    }
  }

  private static boolean isTime(long lastUse, long verified) {
    return Math.min(lastUse, verified) >= 0 && Math.max(lastUse, verified) <= Integer.MAX_VALUE;
  }

  private static long number(JsonParser parser) {
    return parser.nextToken() == JsonToken.VALUE_NUMBER_INT ? parser.getLongValue() : -1;
  }

  private void link(JsonParser parser, Digest digest) {
    Key key = new Key(parser);
    Optional<Digest> layer = key.layer();
    if (layer.isPresent()) {
      index.restoreLink(layer.get(), key.entry, key.offset, digest);
    }
  }

  /// Reads one line of a journal: the name of what happened is the parser's.
  void change(String what, JsonParser parser) {
    count();
    if (parser.nextToken() != JsonToken.START_ARRAY) {
      wrong++;
      return;
    }
    switch (what) {
      case "put" -> {
        rows--;
        digest(parser, true);
      }
      case "layer" -> {
        long number = number(parser);
        layer(Math.clamp(number, -1, KeyRecords.MAX_LAYER), nextDigest(parser));
      }
      case "link", "unlink" -> key(what, parser);
      case "removed" -> nextDigest(parser).ifPresentOrElse(index::restoreRemoved, this::wrongRow);
      case "layerRemoved" -> nextDigest(parser).ifPresentOrElse(this::layerRemoved, this::wrongRow);
      default -> wrongRow();
    }
  }

  /// Of one that does not exist nothing was taken; one that does has come again since.
  private void layerRemoved(Digest layer) {
    if (layerExists.test(layer)) {
      index.restoreLayerRemoved(layer);
    }
  }

  private void key(String what, JsonParser parser) {
    if (parser.nextToken() != JsonToken.VALUE_STRING) {
      wrongRow();
      return;
    }
    Key key = new Key(parser);
    Optional<Digest> digest = nextDigest(parser);
    Optional<Digest> layer = key.layer();
    if (digest.isEmpty()) {
      wrongRow();
    } else if (layer.isPresent() && what.equals("link")) {
      index.restoreLink(layer.get(), key.entry, key.offset, digest.get());
    } else if (layer.isPresent()) {
      index.restoreUnlinked(layer.get(), key.entry, key.offset, digest.get());
    }
  }

  private void wrongRow() {
    wrong++;
  }

  private static Optional<Digest> nextDigest(JsonParser parser) {
    return digestOf(parser, parser.nextToken());
  }

  /// Reads 64 hex digits without making a text of them.
  static Optional<Digest> digestOf(JsonParser parser, JsonToken token) {
    if (token != JsonToken.VALUE_STRING || parser.getStringLength() != 2 * Digest.SIZE) {
      return Optional.empty();
    }
    char[] text = parser.getStringCharacters();
    int from = parser.getStringOffset();
    long[] bits = new long[4];
    for (int i = 0; i < 2 * Digest.SIZE; i++) {
      char c = text[from + i];
      int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
      if (digit < 0) {
        return Optional.empty();
      }
      bits[i >> 4] = bits[i >> 4] << 4 | digit;
    }
    return Optional.of(new Digest(bits[0], bits[1], bits[2], bits[3]));
  }

  /// `layer:entry-offset`, read without making a text of it.
  private final class Key {
    private final long layer;
    private final int entry;
    private final long offset;

    private final char[] text;
    private final int end;
    private int at;

    Key(JsonParser parser) {
      text = parser.getStringCharacters();
      at = parser.getStringOffset();
      end = at + parser.getStringLength();
      layer = digits(':');
      long number = digits('-');
      entry = Math.clamp(number, -1, Integer.MAX_VALUE);
      offset = digits('\0');
    }

    private long digits(char until) {
      long number = 0;
      int from = at;
      while (at < end && text[at] >= '0' && text[at] <= '9' && at - from < 18) {
        number = 10 * number + text[at++] - '0';
      }
      boolean ends = until == '\0' ? at == end : at < end && text[at++] == until;
      return ends && at > from ? number : -1;
    }

    Optional<Digest> layer() {
      if (layer < 0 || layer > KeyRecords.MAX_LAYER || entry < 0 || offset < 0) {
        wrong++;
        return Optional.empty();
      }
      @Nullable Digest digest = layers.get((int) layer);
      return Optional.ofNullable(digest); // none: its directory is gone
    }
  }
}
