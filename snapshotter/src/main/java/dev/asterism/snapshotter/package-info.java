/// containerd's snapshots API: metadata, chains, overlay mounts, gRPC.
///
/// Start with [Snapshots]: it does what containerd's snapshotter contract says, and hands lazy
/// layers to [dev.asterism.layers.LayerMounter]. [SnapshotServer] puts it on a socket. Nothing here
/// mounts anything: a mount is a value that containerd mounts, except the chains below it, which
/// `layers` mounts.
@NullMarked
package dev.asterism.snapshotter;

import org.jspecify.annotations.NullMarked;
