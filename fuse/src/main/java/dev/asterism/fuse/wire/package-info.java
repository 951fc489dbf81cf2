/// The messages on `/dev/fuse` as records: one per struct of `linux/fuse.h`, named like it, with
/// its fields in order; host byte order, unaligned.
///
/// `decode` takes what the kernel sent, `encode` writes from the start of a segment. No threads, no
/// files. A segment that is too short is an [IndexOutOfBoundsException].
@NullMarked
package dev.asterism.fuse.wire;

import org.jspecify.annotations.NullMarked;
