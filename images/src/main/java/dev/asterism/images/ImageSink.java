package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.registry.Descriptor;
import java.io.Closeable;
import java.io.IOException;
import java.util.function.LongConsumer;

/// Where an image goes to: blobs first, then the manifests above them, its name last. So whoever
/// looks sees the whole image or none.
///
/// Thread-safe. Closing it before [#name] leaves nothing that has a name.
public interface ImageSink extends Closeable {
  /// Tells whether it has a blob already, or can get it by itself from where `source` has it.
  boolean has(Descriptor blob, ImageSource source) throws IOException;

  /// Takes a blob.
  ///
  /// @param content hashes to the descriptor's digest: the caller has seen to it, or the sink
  ///   throws
  /// @param progress is told how many bytes it has
  void put(Descriptor blob, Blob content, LongConsumer progress) throws IOException;

  /// Takes a manifest or index whose content it has.
  void put(Document document) throws IOException;

  /// Tells whether the image's name has a tag, so that another one can lie beside it.
  boolean hasTag();

  /// Gives a second image the image's name with a suffix behind the tag. Before [#name].
  ///
  /// @param root takes the place of what had that name; its content is there
  /// @throws IllegalStateException if the name has no tag
  void nameBeside(Document root, String suffix) throws IOException;

  /// Gives `root` the image's name. The last call.
  void name(Document root) throws IOException;
}
