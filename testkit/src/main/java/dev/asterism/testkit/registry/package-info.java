/// A registry in the process, on loopback, that can be slow, lie, cut off and count.
///
/// Start at [TestRegistry]: put images in, switch [Fault]s on for [Target]s, read the [Traffic].
/// Pull side only, one process, nothing on disk but what was there.
@NullMarked
package dev.asterism.testkit.registry;

import org.jspecify.annotations.NullMarked;
