package dev.asterism.cache.index;

import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.BitSet;
import java.util.zip.CRC32C;

/// Writes changes to a journal: a JSON object a line, with a checksum of what follows it.
///
/// ```
/// {"crc":"1c2d3e4f","journal":1}
/// {"crc":"…","put":["<hex>","o",16384,1764104000,0]}       digest, places, size, last use, verified
/// {"crc":"…","layer":[3,"<hex>"]}                          what a layer is called below
/// {"crc":"…","link":["3:12-4096","<hex>"]}                 layer:entry-offset, digest
/// {"crc":"…","unlink":["3:12-4096","<hex>"]}
/// {"crc":"…","removed":["<hex>"]}
/// {"crc":"…","layerRemoved":["<hex>"]}
/// ```
///
/// Confined to one thread.
final class JournalWriter implements Changes, AutoCloseable {
  static final int VERSION = 1;
  static final String CRC = "{\"crc\":\"";
  static final int CRC_END = CRC.length() + 8 + 2; // 8 hex digits, a quote and a comma

  private final FileChannel file;
  private final Output out;
  private final LayerNumbers layers;
  private final BitSet named = new BitSet();
  private int line;

  JournalWriter(FileChannel file, LayerNumbers layers) {
    this.file = file;
    this.layers = layers;
    out = new Output(file);
    begin("journal").number(VERSION);
    end();
  }

  @Override
  public void layerRemoved(Digest layer) {
    begin("layerRemoved").text("[\"").digest(layer).text("\"]");
    end();
  }

  @Override
  public void removed(Digest digest) {
    begin("removed").text("[\"").digest(digest).text("\"]");
    end();
  }

  @Override
  public void unlinked(int layer, int entry, long offset, Digest digest) {
    key("unlink", layer, entry, offset, digest);
  }

  @Override
  public void digest(Digest digest, int places, long size, int lastUse, int verified) {
    begin("put").text("[\"").digest(digest).text("\",\"").text(LinksJson.places(places));
    out.text.text("\",").number(size).text(",").number(lastUse).text(",").number(verified);
    out.text.text("]");
    end();
  }

  @Override
  public void link(int layer, int entry, long offset, Digest digest) {
    key("link", layer, entry, offset, digest);
  }

  private void key(String what, int layer, int entry, long offset, Digest digest) {
    if (!isNamed(layer)) {
      return; // removed meanwhile
    }
    begin(what).text("[\"").number(layer).text(":").number(entry).text("-").number(offset);
    out.text.text("\",\"").digest(digest).text("\"]");
    end();
  }

  private boolean isNamed(int layer) {
    if (!named.get(layer)) {
      layers
          .layer(layer)
          .ifPresent(digest -> {
            begin("layer").text("[").number(layer).text(",\"").digest(digest).text("\"]");
            end();
            named.set(layer);
          });
    }
    return named.get(layer);
  }

  private Ascii begin(String what) {
    line = out.text.size();
    return out.text.text(CRC).text("00000000\",\"").text(what).text("\":");
  }

  private void end() {
    out.text.text("}");
    out.text.hexAt(line + CRC.length(), crc(out.text.slice(line + CRC_END)));
    out.text.text("\n");
  }

  static int crc(ByteBuffer of) {
    CRC32C crc = new CRC32C();
    crc.update(of);
    return (int) crc.getValue();
  }

  @Override
  public void pause() throws IOException {
    out.flushIfLarge();
  }

  /// Writes everything that was told.
  void flush() throws IOException {
    out.flush();
  }

  /// Returns the bytes in the file.
  long size() {
    return out.written();
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
