/// Chunks on disk, shared by digest: the hard-link store.
///
/// Start with [DirectoryCache], which opens a root, and [LayerCache], through which a layer adds to
/// it and takes links; what became of an addition is a [Published]. `HardlinkManager` makes the
/// links and says in which order; `Doubtful` is what an unclean stop of the machine leaves.
/// [CacheDisk] is the port to the system calls.
///
/// Nothing here knows images, registries or the kernel's mounts, and nothing is hashed that comes
/// as a [dev.asterism.content.VerifiedChunk].
@NullMarked
package dev.asterism.cache;

import org.jspecify.annotations.NullMarked;
