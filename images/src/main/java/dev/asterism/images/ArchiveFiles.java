package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.estargz.LayerStream;
import dev.asterism.estargz.tar.TarEntry;
import dev.asterism.estargz.tar.TarReader;
import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The files of a tar, which are read where they lie in it; a compressed tar is unpacked once into
/// a file without a name. Thread-safe.
final class ArchiveFiles implements ImageFiles {
  /// More than any image has.
  private static final int MAX_ENTRIES = 100_000;

  private static final int MAX_LINKS = 16;
  private static final int BUFFER = 64 << 10; // 64 KiB

  private final Path file;
  private final FileChannel channel;
  private final Closeable opened;
  private final Map<String, ByteRange> files = new HashMap<>();
  private final Map<String, String> links = new HashMap<>();

  private ArchiveFiles(Path file, FileChannel channel, Closeable opened) {
    this.file = file;
    this.channel = channel;
    this.opened = opened;
  }

  /// Opens an archive and lists it.
  ///
  /// @param spools where a compressed one is unpacked
  static ArchiveFiles open(Path file, Path spools) throws IOException {
    FileChannel channel = FileChannel.open(file);
    try {
      Blob all = new FileBlob(channel, new ByteRange(0, channel.size()));
      byte[] magic = all.read(new ByteRange(0, Math.min(4, all.size())));
      boolean plain = magic.length < 4 || !LayerStream.isCompressed(magic);
      if (plain) {
        return new ArchiveFiles(file, channel, channel).list(all);
      }
      Spool spool = Spool.in(spools);
      try (InputStream in = LayerStream.plain(all.open(new ByteRange(0, all.size())))) {
        spool.fill(in);
        channel.close();
        return new ArchiveFiles(file, spool.channel(), spool).list(spool.blob());
      } catch (IOException e) {
        spool.close();
        throw e;
      }
    } catch (IOException e) {
      channel.close();
      throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private ArchiveFiles list(Blob tar) throws IOException {
    // A file's content is skipped by seeking: the reader gets a stream that can.
    try (InputStream in = new Seeking(tar)) {
      TarReader reader = new TarReader(in);
      for (Optional<TarEntry> e = reader.next(); e.isPresent(); e = reader.next()) {
        TarEntry entry = e.get();
        String name = clean(entry.name());
        switch (entry.type()) {
          case FILE -> {
            if (reader.isVerbatim()) {
              files.put(name, ByteRange.ofLength(reader.contentOffset(), entry.size()));
            }
          }
          case SYMLINK -> links.put(name, target(name, entry.linkName()));
          case HARD_LINK -> links.put(name, clean(entry.linkName()));
          case DIRECTORY, FIFO, CHARACTER_DEVICE, BLOCK_DEVICE -> {}
        }
        if (files.size() + links.size() > MAX_ENTRIES) {
          throw new IOException("more than %d entries: no image".formatted(MAX_ENTRIES));
        }
      }
    }
    return this;
  }

  private static String clean(String name) {
    String path = Path.of("/" + name).normalize().toString();
    return path.substring(1);
  }

  private static String target(String link, String target) {
    int slash = link.lastIndexOf('/');
    return clean(slash < 0 ? target : link.substring(0, slash) + "/" + target);
  }

  @Override
  public Optional<Blob> find(String path) {
    String name = clean(path);
    for (int i = 0; i < MAX_LINKS && links.containsKey(name); i++) {
      name = links.getOrDefault(name, name);
    }
    return Optional.ofNullable(files.get(name)).map(range -> new FileBlob(channel, range));
  }

  @Override
  public void close() throws IOException {
    opened.close();
  }

  @Override
  public String toString() {
    return file.toString();
  }

  /// A blob as a stream that skips without reading.
  private static final class Seeking extends InputStream {
    private final Blob blob;
    private long at;
    private InputStream window = InputStream.nullInputStream();

    private Seeking(Blob blob) {
      this.blob = blob;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int n = window.read(target, offset, length);
      if (n < 0 && at < blob.size()) {
        window = new BufferedInputStream(blob.open(new ByteRange(at, blob.size())), BUFFER);
        n = window.read(target, offset, length);
      }
      at += Math.max(0, n);
      return n;
    }

    @Override
    public long skip(long wanted) {
      long n = Math.clamp(wanted, 0, blob.size() - at);
      if (n > 0) {
        at += n;
        window = InputStream.nullInputStream();
      }
      return n;
    }
  }
}
