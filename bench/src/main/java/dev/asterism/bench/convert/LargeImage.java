package dev.asterism.bench.convert;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.asterism.content.Digest;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarWriter;
import dev.asterism.testkit.layer.RandomTrees;
import dev.asterism.testkit.layer.Seeds;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.SequenceInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/// An image of one layer: uncompressed with one large file, or compressed with many files.
final class LargeImage {
  /// Of the files of a layer with many, by number of directory and of file.
  static final String NAME = "d%d/f%d";

  private static final int FILE = 16 << 10; // 16 KiB
  private static final int PIECE = 16 << 20; // 16 MiB

  private LargeImage() {}

  /// Writes it as an OCI layout.
  ///
  /// @param mebibytes of the file, a multiple of 16
  static void write(Path layout, int mebibytes) throws IOException {
    byte[] piece = RandomTrees.content(Seeds.generator(1), PIECE);
    write(layout, Collections.nCopies(mebibytes / 16, piece));
  }

  /// Writes an image whose file is made of these pieces.
  static void write(Path layout, List<byte[]> content) throws IOException {
    List<InputStream> pieces = new ArrayList<>();
    long length = 0;
    for (byte[] piece : content) {
      pieces.add(new ByteArrayInputStream(piece));
      length += piece.length;
    }
    TarEntry entry = TarEntry.file("large", 0644, length);
    layout(
        layout,
        false,
        tar -> tar.add(entry, new SequenceInputStream(Collections.enumeration(pieces))));
  }

  /// Writes an image whose layer is compressed and holds many files, of 16 KiB each.
  static void writeFiles(Path layout, int mebibytes) throws IOException {
    byte[] piece = RandomTrees.content(Seeds.generator(2), FILE);
    layout(
        layout,
        true,
        tar -> {
          for (int i = 0; i < mebibytes * (1024 / (FILE >> 10)); i++) {
            piece[0] = (byte) i;
            piece[1] = (byte) (i >> 8);
            piece[2] = (byte) (i >> 16);
            tar.add(
                TarEntry.file(NAME.formatted(i / 1000, i), 0644, FILE),
                new ByteArrayInputStream(piece));
          }
        });
  }

  /// What a layer holds.
  private interface Content {
    void write(TarWriter tar) throws IOException;
  }

  private static void layout(Path layout, boolean gzip, Content content) throws IOException {
    Path blobs = Files.createDirectories(layout.resolve("blobs/sha256"));
    MessageDigest plain = Digest.hasher();
    MessageDigest hasher = Digest.hasher();
    Path part = layout.resolve("part");
    OutputStream file = new DigestOutputStream(Files.newOutputStream(part), hasher);
    try (OutputStream out =
        new BufferedOutputStream(
            new DigestOutputStream(gzip ? new GZIPOutputStream(file) : file, plain),
            1 << 20)) { // 1 MiB
      TarWriter tar = new TarWriter(out);
      content.write(tar);
      tar.finish();
    }
    Digest diffId = Digest.finish(plain);
    Digest layer = Digest.finish(hasher);
    long size = Files.size(part);
    Files.move(part, blobs.resolve(layer.hex()));
    byte[] config =
        """
        {"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s"]}}\
        """
            .formatted(diffId)
            .getBytes(UTF_8);
    byte[] manifest =
        """
        {"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
         "config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"%s","size":%d},
         "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar%s","digest":"%s","size":%d}]}\
        """
            .formatted(Digest.of(config), config.length, gzip ? "+gzip" : "", layer, size)
            .getBytes(UTF_8);
    Files.write(blobs.resolve(Digest.of(config).hex()), config);
    Files.write(blobs.resolve(Digest.of(manifest).hex()), manifest);
    index(layout, Digest.of(manifest), manifest.length);
  }

  /// Makes a layout of blobs that are there.
  static void index(Path layout, Digest manifest, long size) throws IOException {
    Files.writeString(layout.resolve("oci-layout"), "{\"imageLayoutVersion\":\"1.0.0\"}");
    Files.writeString(
        layout.resolve("index.json"),
        """
        {"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json",
         "digest":"%s","size":%d}]}\
        """
            .formatted(manifest, size));
  }
}
