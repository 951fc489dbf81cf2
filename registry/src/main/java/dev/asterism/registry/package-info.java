/// The OCI distribution specification: image references, manifests, ranged blob reads, token
/// authentication, and pushing.
///
/// Start at [RegistryClient]. It follows redirects, proves who it is, retries what may pass and
/// gives up in bounded time. Every manifest is verified against its digest; blobs are not, because
/// who reads a part of one knows better what it should be. No mirrors yet. [RepositoryWriter]
/// pushes.
@NullMarked
package dev.asterism.registry;

import org.jspecify.annotations.NullMarked;
