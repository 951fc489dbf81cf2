/// `./dev bench daemon`: what the daemon takes of time, memory and processor, without containers.
/// Start with [DaemonBench].
@NullMarked
package dev.asterism.bench.daemon;

import org.jspecify.annotations.NullMarked;
