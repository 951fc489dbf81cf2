package dev.asterism.containerd;

import dev.asterism.images.ImageSink;
import dev.asterism.images.ImageSource;
import dev.asterism.images.NodeStore;
import java.io.IOException;
import java.util.Map;

/// The images that a containerd knows, by the names that `ctr images ls` shows. Each image opened
/// has a connection of its own. Thread-safe.
public record ContainerdStore(ContainerdAddress address) implements NodeStore {
  @Override
  public ImageSource source(String name) {
    return new ContainerdSource(Connection.to(address), new ImageName(name));
  }

  @Override
  public ImageSink sink(String name) throws IOException {
    Connection connection = Connection.to(address);
    try {
      return ContainerdSink.begin(connection, new ImageName(name), Map.of());
    } catch (IOException e) {
      connection.close();
      throw e;
    }
  }
}
