/// Metadata-only EROFS images.
@NullMarked
package dev.asterism.erofs;

import org.jspecify.annotations.NullMarked;
