/// Tar archives as streams: ustar, PAX with binary xattrs, and what GNU tar adds to names and
/// numbers.
///
/// Start with [TarReader]. Source: POSIX.1-2017, `pax`, "ustar Interchange Format" and "pax Header
/// Block"; GNU tar manual, "Basic Tar Format".
@NullMarked
package dev.asterism.estargz.tar;

import org.jspecify.annotations.NullMarked;
