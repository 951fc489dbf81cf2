/// Conversion beside the Go tools: `./dev bench convert`.
@NullMarked
package dev.asterism.bench.convert;

import org.jspecify.annotations.NullMarked;
