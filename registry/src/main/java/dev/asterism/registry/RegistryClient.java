package dev.asterism.registry;

import dev.asterism.content.Blob;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.time.InstantSource;
import java.util.OptionalLong;

/// Pulls from registries: resolves references, reads ranges of blobs.
///
/// One client serves the whole process: connections, tokens and redirects are shared by all that it
/// opens. Thread-safe. Calls block, and end within the policy's patience when nothing moves; they
/// are made for virtual threads. Interrupting a caller ends its call with an
/// [java.io.InterruptedIOException].
///
/// Lifetime: closing it fails what is under way, and every stream that is still open.
public final class RegistryClient implements AutoCloseable {
  public RegistryClient(
      Hosts hosts, Credentials credentials, RequestPolicy policy, InstantSource clock) {}

  /// Resolves a reference to the manifest for `platform`: an index leads to its first entry for it.
  ///
  /// @throws RegistryException if there is no such image, none for this platform, or no usable
  ///   answer
  /// @throws dev.asterism.content.CorruptContentException if a manifest does not hash to what the
  ///   reference or the index says
  public Image resolve(ImageReference reference, Platform platform) throws IOException {
    return unfinished();
  }

  /// Returns the image config, at most 4 MiB, verified.
  ///
  /// @throws dev.asterism.content.CorruptContentException if it does not hash to its digest
  public byte[] config(Image image) throws IOException {
    return unfinished();
  }

  /// Returns a blob of `repository`'s repository, to be read in ranges. Nothing is verified.
  ///
  /// With a size no request is made here. Without one, a request for one byte finds it out.
  ///
  /// @param repository tag and digest of it play no part
  /// @param size of the blob, as its descriptor says
  public Blob blob(ImageReference repository, Digest digest, OptionalLong size) throws IOException {
    return unfinished();
  }

  /// Closes the connections.
  @Override
  public void close() {}

  @SuppressWarnings("TypeParameterUnusedInFormals") // goes with the stubs
  private static <T> T unfinished() {
    throw new UnsupportedOperationException();
  }
}
