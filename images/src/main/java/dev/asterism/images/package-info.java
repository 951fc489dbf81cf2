/// Whole images: where they come from and go to (registries, OCI layouts, archives), and what is
/// made of them on the way.
///
/// Start at [Converter], with an [ImageSource] and an [ImageSink] from [ImageLocation]. Nothing
/// here mounts or runs anything.
@NullMarked
package dev.asterism.images;

import org.jspecify.annotations.NullMarked;
