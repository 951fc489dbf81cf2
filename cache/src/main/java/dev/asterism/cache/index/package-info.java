/// What the file system cannot say of a store: last use, since when verified, who holds what.
///
/// Start with [LinksIndex], the tables in memory, and [LinksFile], their copy on the disk: a JSON
/// file, and a journal of what changed since. Nothing here is believed over the disk, and nothing
/// is lost but statistics when all of it is.
@NullMarked
package dev.asterism.cache.index;

import org.jspecify.annotations.NullMarked;
