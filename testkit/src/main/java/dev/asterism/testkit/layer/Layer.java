package dev.asterism.testkit.layer;

import dev.asterism.content.Digest;
import dev.asterism.estargz.EstargzLayer;
import dev.asterism.estargz.EstargzOptions;
import dev.asterism.estargz.EstargzWriter;
import dev.asterism.estargz.tar.TarWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/// The entries of a test's layer, in the order of its tar. Immutable.
///
/// @param entries as given: nothing is added, sorted or checked
public record Layer(List<Entry> entries) {
  /// Small chunks, so that small files have several.
  public static final EstargzOptions SMALL_CHUNKS =
      EstargzOptions.DEFAULT.withLevel(6).withChunkSize(16 << 10); // 16 KiB

  /// Copies the list.
  public Layer {
    entries = List.copyOf(entries);
  }

  /// Returns a layer of these entries.
  public static Layer of(Entry... entries) {
    return new Layer(List.of(entries));
  }

  /// Returns the layer as a plain tar.
  public byte[] tar() {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      TarWriter writer = new TarWriter(bytes);
      for (Entry entry : entries) {
        writer.add(entry.header(), new ByteArrayInputStream(entry.content()));
      }
      writer.finish();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Returns the layer as an ordinary tar.gz, of one gzip member.
  public byte[] tarGz() {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
        out.write(tar());
      }
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Returns the layer as eStargz with [#SMALL_CHUNKS].
  public EstargzBlob estargz() {
    return estargz(SMALL_CHUNKS);
  }

  /// Returns the layer as eStargz.
  ///
  /// @throws UncheckedIOException if it holds what a layer can't
  public EstargzBlob estargz(EstargzOptions options) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      MemoryBlob tar = new MemoryBlob(tar());
      EstargzLayer layer =
          options.prioritized().isEmpty()
              ? EstargzWriter.convert(new ByteArrayInputStream(tar.bytes()), options, bytes)
              : EstargzWriter.convert(tar, options, bytes);
      return new EstargzBlob(new MemoryBlob(bytes.toByteArray()), layer);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// An eStargz layer in memory. Immutable.
  ///
  /// @param blob its bytes
  /// @param layer its digests and sizes
  public record EstargzBlob(MemoryBlob blob, EstargzLayer layer) {
    /// Returns the bytes, not a copy.
    public byte[] bytes() {
      return blob.bytes();
    }

    /// Returns the blob's digest.
    public Digest digest() {
      return layer.digest();
    }

    /// Returns the TOC's digest.
    public Digest tocDigest() {
      return layer.tocDigest();
    }
  }
}
