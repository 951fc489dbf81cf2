/// A disk that fails on demand.
///
/// Start with [Faults]: it wraps whatever port a module talks to its disk through, so it knows none
/// of them.
@NullMarked
package dev.asterism.testkit.disk;

import org.jspecify.annotations.NullMarked;
