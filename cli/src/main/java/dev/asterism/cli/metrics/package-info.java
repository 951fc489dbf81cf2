/// What a monitoring system reads: Prometheus' text format, with the names of the stargz
/// snapshotter where there is the same thing, and ours beside them.
@NullMarked
package dev.asterism.cli.metrics;

import org.jspecify.annotations.NullMarked;
