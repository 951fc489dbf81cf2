package dev.asterism.snapshotter;

import java.util.List;

/// What a caller passes to mount(2), with containerd's names. Immutable.
///
/// @param type file-system type, or `bind`
/// @param source absolute path, or `overlay`
/// @param options in order; flags such as `ro` and data such as `lowerdir=…` alike
public record Mount(String type, String source, List<String> options) {
  /// Copies the options.
  public Mount {
    options = List.copyOf(options);
  }
}
