/// The words every part of Asterism shares: what bytes are called and where they lie.
///
/// Start with [Digest]. Nothing here does input or output: [Blob] is a port that `registry` and
/// tests implement. [SingleFlight] is here because `registry` and `layers` both run loads that are
/// shared.
@NullMarked
package dev.asterism.content;

import org.jspecify.annotations.NullMarked;
