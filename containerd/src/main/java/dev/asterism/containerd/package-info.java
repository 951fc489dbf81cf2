/// containerd from its client's side: images of its content store are read and written, and pulled
/// lazily into a snapshotter. Start at [dev.asterism.containerd.ContainerdStore] and
/// [dev.asterism.containerd.LazyPull]. It runs no containers.
@NullMarked
package dev.asterism.containerd;

import org.jspecify.annotations.NullMarked;
