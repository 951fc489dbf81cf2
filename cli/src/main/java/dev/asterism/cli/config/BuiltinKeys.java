package dev.asterism.cli.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Keys of the stargz snapshotter where it is built into containerd: they stand in containerd's own
/// file, and are refused in ours with what has their place here.
final class BuiltinKeys {
  private static final Map<String, String> INSTEAD =
      Map.of(
          "root_path",
          "the root is named by the flag --root",
          "cri_keychain_image_service_path",
          "use cri_keychain.image_service_path",
          "registry",
          "use a folder with hosts.toml for each registry (resolver.config_path) and a file with credentials (resolver.auth_file)");

  private BuiltinKeys() {}

  /// Returns why a key is not known, and what is instead; empty if it is none of them.
  static Optional<String> reason(List<String> key) {
    return Optional.ofNullable(INSTEAD.get(key.getFirst()))
        .map("; it belongs to the snapshotter that is built into containerd: %s"::formatted);
  }
}
