/// Chunks on disk, one immutable file per digest.
@NullMarked
package dev.asterism.cache;

import org.jspecify.annotations.NullMarked;
