package dev.asterism.images;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import dev.asterism.registry.Descriptor;
import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import java.util.function.LongConsumer;

/// Where an image goes to: blobs first, then the manifests above them, its name last. So whoever
/// looks sees the whole image or none.
///
/// Thread-safe. Closing it before [#name] leaves nothing that has a name.
public interface ImageSink extends Closeable {
  /// Tells whether it has a blob already, or can get it by itself from where `source` has it.
  boolean has(Descriptor blob, ImageSource source) throws IOException;

  /// Has a registry link a blob from another repository of its own, if this is one; tells whether
  /// it did.
  ///
  /// @param repository `host/repository`
  default boolean mount(Descriptor blob, String repository) throws IOException {
    return false;
  }

  /// Returns the registry and repository that it is, as `host/repository`; empty for anything else.
  default Optional<String> repository() {
    return Optional.empty();
  }

  /// Tells whether [#unpacksTo] is of use.
  default boolean wantsDiffIds() {
    return false;
  }

  /// Is told what the tar of a layer hashes to that it has.
  default void unpacksTo(Digest layer, Digest diffId) throws IOException {}

  /// Is told where a blob that it has came from, as it is. Most have no use for that.
  default void isFrom(Digest blob, ImageSource source) throws IOException {}

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
