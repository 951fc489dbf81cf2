/// A containerd of one's own, from Debian's package, for tests, benchmarks and the demo.
@NullMarked
package dev.asterism.testkit.containerd;

import org.jspecify.annotations.NullMarked;
