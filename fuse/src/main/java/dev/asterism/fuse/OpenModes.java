package dev.asterism.fuse;

/// Which way the open files of each node go.
final class OpenModes {
  private OpenModes() {}
}
