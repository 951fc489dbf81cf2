/// Layers in one line: `Layer.of(dir("etc"), file("etc/hosts", "…"))`.
///
/// Start with [Layer]. Everything here is deterministic: what is random comes from a generator that
/// the test seeds, see [Seeds].
@NullMarked
package dev.asterism.testkit.layer;

import org.jspecify.annotations.NullMarked;
