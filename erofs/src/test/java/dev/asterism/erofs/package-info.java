/// Tests of EROFS images: judged by `fsck.erofs`, by the kernel and by overlayfs.
@NullMarked
package dev.asterism.erofs;

import org.jspecify.annotations.NullMarked;
