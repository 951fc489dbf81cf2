/// Pictures of what was asked of a registry, and when: of a start that a daemon has seen, and of
/// those that the benchmarks make.
@NullMarked
package dev.asterism.cli.timeline;

import org.jspecify.annotations.NullMarked;
