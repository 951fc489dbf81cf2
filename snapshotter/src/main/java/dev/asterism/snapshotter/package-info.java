/// containerd's snapshots API.
@NullMarked
package dev.asterism.snapshotter;

import org.jspecify.annotations.NullMarked;
