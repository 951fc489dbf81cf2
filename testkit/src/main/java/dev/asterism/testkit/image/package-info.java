/// Real images: made of software that is on the machine, or from Debian's packages.
///
/// Start at [dev.asterism.testkit.image.DemoImage] and [dev.asterism.testkit.image.OciImage].
@NullMarked
package dev.asterism.testkit.image;

import org.jspecify.annotations.NullMarked;
