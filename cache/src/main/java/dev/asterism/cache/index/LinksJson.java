package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;

/// `links.json`: everything that an index knows, a row a line.
///
/// ```
/// {"format":"asterism links","version":1,
/// "layers":{"3":"<hex>"},
/// "columns":["digest","places","size","lastUse","verified","keys"],
/// "digests":[
/// ["<hex>","o",16384,1764104000,0,"3:12-4096"],
/// …
/// ],"rows":1}
/// ```
///
/// Places are `o` for `objects` and `c` for `chunks`, where the file is `<place>/<2 digits>/<hex>`;
/// times are seconds of the epoch; a key is `layer:entry-offset`, a layer standing for a directory
/// in `layers`. A digest of very many keys has several rows.
final class LinksJson implements Changes {
  static final int VERSION = 1;
  private static final String FORMAT = "asterism links";
  private static final int MOST_KEYS = 1000; // in a row

  private final Output out;
  private final int layers; // those below were named
  private final LayerNumbers numbers;
  private final BooleanSupplier stopped;
  private long rows;
  private Runnable again = () -> {}; // begins another row of the same digest
  private int keys;

  private LinksJson(FileChannel file, LayerNumbers numbers, BooleanSupplier stopped) {
    out = new Output(file);
    this.numbers = numbers;
    this.stopped = stopped;
    layers = numbers.end();
  }

  /// How a file was found. Immutable.
  sealed interface Found {
    /// There is none.
    record Missing() implements Found {}

    /// It was read to its end.
    record Whole(long rows) implements Found {}

    /// It ends, or turns into something else, behind some rows.
    record Torn(long rows, String why) implements Found {}

    /// It is of a version that is newer.
    record Newer(long version) implements Found {}

    /// It is something else.
    record Foreign(String why) implements Found {}
  }

  static String places(int places) {
    return switch (places) {
      case 1 -> "o";
      case 2 -> "c";
      default -> "oc";
    };
  }

  /// Writes an index to a new file and returns its length. What changes meanwhile may be in it or
  /// not.
  ///
  /// @param stopped asked now and then
  /// @throws InterruptedIOException if it was stopped; a part of it may stand in the file
  static long write(LinksIndex index, FileChannel file, BooleanSupplier stopped)
      throws IOException {
    LinksJson json = new LinksJson(file, index.layers(), stopped);
    json.head();
    index.tellAll(json);
    json.tail();
    return json.out.written();
  }

  private void head() {
    out.text
        .text("{\"format\":\"" + FORMAT + "\",\"version\":")
        .number(VERSION)
        .text(",\n\"layers\":{");
    String comma = "";
    for (int number = 0; number < layers; number++) {
      Optional<Digest> layer = numbers.layer(number);
      if (layer.isPresent()) {
        out.text.text(comma).text("\"").number(number).text("\":\"").digest(layer.get());
        out.text.text("\"");
        comma = ",\n";
      }
    }
    out.text
        .text("},\n\"columns\":[\"digest\",\"places\",\"size\",\"lastUse\",\"verified\",\"keys\"]")
        .text(",\n\"digests\":[");
  }

  @Override
  public void digest(Digest digest, int places, long size, int lastUse, int verified) {
    again =
        () -> {
          endRow();
          out.text.text(rows == 0 ? "\n[\"" : ",\n[\"").digest(digest).text("\",\"");
          out.text.text(places(places)).text("\",").number(size).text(",").number(lastUse);
          out.text.text(",").number(verified);
          rows++;
          keys = 0;
        };
    again.run();
  }

  @Override
  public void link(int layer, int entry, long offset, Digest digest) {
    if (layer >= layers || numbers.layer(layer).isEmpty()) {
      return; // newer than the head: in the journal; or removed
    }
    if (keys == MOST_KEYS) {
      again.run();
    }
    out.text.text(",\"").number(layer).text(":").number(entry).text("-").number(offset);
    out.text.text("\"");
    keys++;
  }

  private void endRow() {
    if (rows > 0) {
      out.text.text("]");
    }
  }

  private void tail() throws IOException {
    endRow();
    out.text.text("\n],\"rows\":").number(rows).text("}\n");
    out.flush();
  }

  @Override
  public void pause() throws IOException {
    if (stopped.getAsBoolean()) {
      throw new InterruptedIOException("the cache is being closed");
    }
    out.flushIfLarge();
  }

  @Override
  public void layerRemoved(Digest layer) {
    throw new UnsupportedOperationException("no change");
  }

  @Override
  public void removed(Digest digest) {
    throw new UnsupportedOperationException("no change");
  }

  @Override
  public void unlinked(int layer, int entry, long offset, Digest digest) {
    throw new UnsupportedOperationException("no change");
  }

  /// Reads a file into an index; what is whole is taken. Memory does not follow the file.
  static Found read(Path path, Restoring into) throws IOException {
    try (InputStream in = Files.newInputStream(path);
        JsonParser parser = Restoring.JSON.createParser(ObjectReadContext.empty(), in)) {
      return read(parser, into);
    } catch (NoSuchFileException _) {
      return new Found.Missing();
    } catch (JacksonException e) {
      String why = e.getOriginalMessage();
      return into.rows() > 0 ? new Found.Torn(into.rows(), why) : new Found.Foreign(why);
    }
  }

  private static Found read(JsonParser parser, Restoring into) {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      return new Found.Foreign("not a JSON object");
    }
    boolean ours = false;
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      JsonToken value = parser.nextToken();
      switch (name) {
        case "format" ->
            ours = value == JsonToken.VALUE_STRING && parser.getString().equals(FORMAT);
        case "version" -> {
          long version = value == JsonToken.VALUE_NUMBER_INT ? parser.getLongValue() : 0;
          if (version != VERSION) {
            return version > VERSION
                ? new Found.Newer(version)
                : new Found.Foreign("version " + version);
          }
        }
        case "layers" -> {
          if (value == JsonToken.START_OBJECT) {
            layers(parser, into);
          }
        }
        case "digests" -> {
          if (!ours) {
            return new Found.Foreign("another format");
          }
          if (value == JsonToken.START_ARRAY) {
            digests(parser, into);
          }
        }
        default -> parser.skipChildren();
      }
    }
    return ours ? new Found.Whole(into.rows()) : new Found.Foreign("another format");
  }

  private static void layers(JsonParser parser, Restoring into) {
    for (String name = parser.nextName(); name != null; name = parser.nextName()) {
      Optional<Digest> layer = Restoring.digestOf(parser, parser.nextToken());
      if (name.length() <= 8 && name.chars().allMatch(c -> c >= '0' && c <= '9')) {
        into.layer(Integer.parseInt(name), layer);
      }
    }
  }

  private static void digests(JsonParser parser, Restoring into) {
    while (parser.nextToken() == JsonToken.START_ARRAY) {
      into.digest(parser, false);
      while (parser.currentToken() != JsonToken.END_ARRAY) {
        parser.nextToken(); // what a row of ours does not have
        parser.skipChildren();
      }
    }
  }
}
