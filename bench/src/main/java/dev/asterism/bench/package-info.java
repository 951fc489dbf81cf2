/// Whole-system benchmarks: real images, a real registry behind a slow link, containerd and runc,
/// and the snapshotters side by side.
///
/// Start at [Main]; a [Case] measures one thing with one [Snapshotter] on a fresh [Node]; what came
/// out is in [Figures], shown by [Report]. Nothing here asserts: a figure that falls short is
/// printed, not thrown.
@NullMarked
package dev.asterism.bench;

import org.jspecify.annotations.NullMarked;
