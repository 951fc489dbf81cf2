/// The figures of the hard-link store: `./dev bench cache`.
@NullMarked
package dev.asterism.bench.store;

import org.jspecify.annotations.NullMarked;
