/// Runs an image's workload without containerd and notes which files it opens.
@NullMarked
package dev.asterism.cli.optimize;

import org.jspecify.annotations.NullMarked;
