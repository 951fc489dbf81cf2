package dev.asterism.estargz;

import dev.asterism.content.MalformedLayerException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Locale;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.exc.JacksonIOException;
import tools.jackson.core.json.JsonFactory;

/// Streams the TOC's JSON as rows.
///
/// Field names are compared as Go's `encoding/json` does, without regard to case; unknown fields
/// are skipped, `null` leaves a field as it is, the last of two equal fields counts. Confined to
/// one thread.
final class TocParser {
  private final TocLimits limits;
  private final TocRows rows;
  private final TocRow row = new TocRow();
  private long xattrsSize;

  TocParser(TocLimits limits, TocRows rows) {
    this.limits = limits;
    this.rows = rows;
  }

  /// Reads one document up to the end of `json`.
  ///
  /// @throws MalformedLayerException if it is no TOC
  void parse(InputStream json) throws IOException {
    Reader text =
        new InputStreamReader(
            json,
            StandardCharsets.UTF_8
                .newDecoder()
                .onMalformedInput(CodingErrorAction.REPORT)
                .onUnmappableCharacter(CodingErrorAction.REPORT));
    try (JsonParser parser = factory().createParser(ObjectReadContext.empty(), text)) {
      document(parser);
    } catch (JacksonIOException e) {
      if (e.getCause() instanceof CharacterCodingException) {
        throw malformed("TOC is no UTF-8", e);
      }
      throw e.getCause();
    } catch (JacksonException e) {
      String near = EntryNames.quote(row.name);
      throw malformed(
          "TOC is no valid JSON, at or behind entry %s: %s".formatted(near, e.getOriginalMessage()),
          e);
    }
  }

  private JsonFactory factory() {
    int longest =
        Math.max(Math.max(limits.nameSize(), limits.xattrValueSize() / 3 * 4 + 4), 1 << 10);
    // Names are not kept in a symbol table: those of xattrs are the layer's, any number of them.
    return JsonFactory.builder()
        .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
        .disable(TokenStreamFactory.Feature.INTERN_PROPERTY_NAMES)
        .streamReadConstraints(
            StreamReadConstraints.builder()
                .maxNestingDepth(limits.nesting())
                .maxStringLength(longest)
                .maxNameLength(1 << 10)
                .maxNumberLength(32)
                .maxDocumentLength(limits.inflatedSize())
                .build())
        .build();
  }

  private void document(JsonParser parser) throws IOException {
    if (parser.nextToken() != JsonToken.START_OBJECT) {
      throw rows.malformed("TOC is no JSON object");
    }
    boolean seen = false;
    for (String field = parser.nextName(); field != null; field = parser.nextName()) {
      JsonToken value = parser.nextToken();
      switch (field.toLowerCase(Locale.ROOT)) {
        case "version" -> version(parser, value);
        case "entries" -> {
          if (seen) {
            throw rows.malformed("TOC has entries twice");
          }
          seen = true;
          entries(parser, value);
        }
        default -> parser.skipChildren();
      }
    }
    if (parser.nextToken() != null) {
      throw rows.malformed("TOC goes on behind its end");
    }
  }

  private void version(JsonParser parser, JsonToken value) throws MalformedLayerException {
    long version = number(parser, value, 1);
    if (version != 0 && version != 1) {
      throw rows.malformed("TOC of version %d: not supported".formatted(version));
    }
  }

  private void entries(JsonParser parser, JsonToken value) throws IOException {
    if (value == JsonToken.VALUE_NULL) {
      return;
    }
    if (value != JsonToken.START_ARRAY) {
      throw rows.malformed("TOC's entries are no array");
    }
    for (JsonToken t = parser.nextToken(); t != JsonToken.END_ARRAY; t = parser.nextToken()) {
      if (t != JsonToken.START_OBJECT) {
        throw rows.malformed("the next row is no JSON object");
      }
      row.clear();
      xattrsSize = 0;
      for (String field = parser.nextName(); field != null; field = parser.nextName()) {
        JsonToken next = parser.nextToken();
        if (!field(parser, field, next) && !field(parser, field.toLowerCase(Locale.ROOT), next)) {
          parser.skipChildren();
        }
      }
      rows.add(row);
    }
    rows.end();
  }

  private boolean field(JsonParser parser, String field, JsonToken value) throws IOException {
    switch (field) {
      case "name" -> row.name = text(parser, value, row.name);
      case "type" -> row.type = text(parser, value, row.type);
      case "size" -> row.size = number(parser, value, row.size);
      case "modtime" -> row.modtime = text(parser, value, row.modtime);
      case "linkName", "linkname" -> row.linkName = text(parser, value, row.linkName);
      case "mode" -> row.mode = number(parser, value, row.mode);
      case "uid" -> row.uid = number(parser, value, row.uid);
      case "gid" -> row.gid = number(parser, value, row.gid);
      case "offset" -> row.offset = number(parser, value, row.offset);
      case "innerOffset", "inneroffset" -> row.innerOffset = number(parser, value, row.innerOffset);
      case "devMajor", "devmajor" -> row.devMajor = number(parser, value, row.devMajor);
      case "devMinor", "devminor" -> row.devMinor = number(parser, value, row.devMinor);
      case "xattrs" -> xattrs(parser, value);
      case "digest" -> row.digest = text(parser, value, row.digest);
      case "chunkOffset", "chunkoffset" -> row.chunkOffset = number(parser, value, row.chunkOffset);
      case "chunkSize", "chunksize" -> row.chunkSize = number(parser, value, row.chunkSize);
      case "chunkDigest", "chunkdigest" -> row.chunkDigest = text(parser, value, row.chunkDigest);
      default -> {
        return false;
      }
    }
    return true;
  }

  private String text(JsonParser parser, JsonToken value, String unchanged)
      throws MalformedLayerException {
    return switch (value) {
      case VALUE_STRING -> parser.getString();
      case VALUE_NULL -> unchanged;
      default -> throw wrongType(parser);
    };
  }

  private long number(JsonParser parser, JsonToken value, long unchanged)
      throws MalformedLayerException {
    return switch (value) {
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NULL -> unchanged;
      default -> throw wrongType(parser);
    };
  }

  private void xattrs(JsonParser parser, JsonToken value) throws MalformedLayerException {
    if (value == JsonToken.VALUE_NULL) {
      return;
    }
    if (value != JsonToken.START_OBJECT) {
      throw wrongType(parser);
    }
    for (String key = parser.nextName(); key != null; key = parser.nextName()) {
      String encoded = text(parser, parser.nextToken(), "");
      EntryNames.checkText(key, limits.componentSize(), "xattr's name");
      byte[] bytes = base64(encoded);
      xattrsSize += key.length() + bytes.length;
      if (key.isEmpty()
          || bytes.length > limits.xattrValueSize()
          || xattrsSize > limits.xattrsSize()
          || row.xattrs.size() == limits.xattrs()) {
        throw failed("xattrs are too many or too long");
      }
      row.xattr(key, bytes);
    }
  }

  private byte[] base64(String text) throws MalformedLayerException {
    try {
      return Base64.getDecoder().decode(text);
    } catch (IllegalArgumentException _) {
      throw failed("xattr's value is no base64");
    }
  }

  private MalformedLayerException wrongType(JsonParser parser) {
    return failed("%s is of the wrong type".formatted(parser.currentName()));
  }

  /// The row that is being read is not the one that `rows` knows.
  private MalformedLayerException failed(String what) {
    return new MalformedLayerException(
        MalformedLayerException.UNKNOWN_OFFSET,
        "TOC entry %s: %s".formatted(EntryNames.quote(row.name), what));
  }

  private static MalformedLayerException malformed(String what, Throwable cause) {
    return new MalformedLayerException(MalformedLayerException.UNKNOWN_OFFSET, what, cause);
  }
}
