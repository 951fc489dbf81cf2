package dev.asterism.registry;

import dev.asterism.content.Digest;

/// A manifest or index as a registry serves it. Immutable; the array is shared and read only.
///
/// @param mediaType as the answer declares it, lower case
/// @param digest to which the bytes were found to hash
/// @param bytes at most 4 MiB
@SuppressWarnings("ArrayRecordComponent") // compared by digest alone
public record ManifestDocument(String mediaType, Digest digest, byte[] bytes) {
  @Override
  public boolean equals(Object other) {
    return other instanceof ManifestDocument that && digest.equals(that.digest);
  }

  @Override
  public int hashCode() {
    return digest.hashCode();
  }
}
