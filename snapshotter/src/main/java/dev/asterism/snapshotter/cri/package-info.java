/// Kubernetes' side of images: the CRI image service, seen in passing.
///
/// Start at [dev.asterism.snapshotter.cri.ImageServiceProxy]. Nothing here keeps what it sees.
@NullMarked
package dev.asterism.snapshotter.cri;

import org.jspecify.annotations.NullMarked;
