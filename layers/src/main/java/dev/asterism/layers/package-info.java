/// Resolved layers: compiled, fetched, verified, mounted.
@NullMarked
package dev.asterism.layers;

import org.jspecify.annotations.NullMarked;
