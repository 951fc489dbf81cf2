/// The demonstration: one image behind a slow link, started by containerd's own snapshotter and by
/// Asterism.
///
/// Start at [dev.asterism.cli.demo.Demo]. Everything it starts and writes is gone when it ends, but
/// for one picture.
@NullMarked
package dev.asterism.cli.demo;

import org.jspecify.annotations.NullMarked;
