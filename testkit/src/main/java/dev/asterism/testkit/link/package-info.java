/// A network link on loopback with the bandwidth and the round trip of a real one.
@NullMarked
package dev.asterism.testkit.link;

import org.jspecify.annotations.NullMarked;
