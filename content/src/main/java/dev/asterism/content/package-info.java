/// The words every part of Asterism shares: what bytes are called and where they lie.
///
/// Start with [Digest]. Nothing here does input or output: [Blob] is a port that `registry` and
/// tests implement.
@NullMarked
package dev.asterism.content;

import org.jspecify.annotations.NullMarked;
