/// Child processes with a deadline: tests, benchmarks and the demo read mounts and drive other
/// people's tools only through these.
@NullMarked
package dev.asterism.testkit.process;

import org.jspecify.annotations.NullMarked;
