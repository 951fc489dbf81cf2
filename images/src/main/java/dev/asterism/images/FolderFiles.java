package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The files of a folder. Thread-safe.
final class FolderFiles implements ImageFiles {
  private final Path folder;
  private final List<FileChannel> open = new ArrayList<>();

  FolderFiles(Path folder) {
    this.folder = folder;
  }

  @Override
  public synchronized Optional<Blob> find(String path) throws IOException {
    Path file = folder.resolve(path).normalize();
    if (!file.startsWith(folder.normalize()) || !Files.isRegularFile(file)) {
      return Optional.empty();
    }
    FileChannel channel = FileChannel.open(file);
    open.add(channel);
    return Optional.of(new FileBlob(channel, new ByteRange(0, channel.size())));
  }

  @Override
  public synchronized void close() throws IOException {
    for (FileChannel channel : open) {
      channel.close();
    }
  }

  @Override
  public String toString() {
    return folder.toString();
  }
}
