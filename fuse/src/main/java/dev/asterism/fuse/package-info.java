/// The kernel's FUSE protocol, spoken straight on `/dev/fuse`.
@NullMarked
package dev.asterism.fuse;

import org.jspecify.annotations.NullMarked;
