/// Benchmarks.
@NullMarked
package dev.asterism.bench;

import org.jspecify.annotations.NullMarked;
