package dev.asterism.snapshotter;

/// A running snapshotter under test. Closing ends all that belongs to it, the client too.
interface SnapshotsService extends AutoCloseable {
  SnapshotsClient client();
}
