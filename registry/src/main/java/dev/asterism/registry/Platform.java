package dev.asterism.registry;

import java.util.Locale;

/// What an image was built for, in the words of the OCI image index (`platform`). Immutable.
///
/// @param os e.g. `linux`
/// @param architecture as Go names it, e.g. `amd64`, `arm64`
/// @param variant of the architecture, e.g. `v7`; empty where it has none. `v8` of `arm64` is empty
///   too: it is the only one
public record Platform(String os, String architecture, String variant) {
  /// Brings the parts into the form in which they compare (containerd, package `platforms`).
  public Platform {
    os = os.toLowerCase(Locale.ROOT);
    architecture = architecture.toLowerCase(Locale.ROOT);
    variant = variant.toLowerCase(Locale.ROOT);
    switch (architecture) {
      case "x86_64", "x86-64" -> architecture = "amd64";
      case "aarch64" -> architecture = "arm64";
      default -> {}
    }
    if (architecture.equals("arm64") && (variant.equals("8") || variant.equals("v8"))) {
      variant = "";
    }
    if (architecture.equals("amd64") && variant.equals("v1")) {
      variant = "";
    }
    if (architecture.equals("arm") && variant.isEmpty()) {
      variant = "v7";
    }
  }

  /// Reads `os/architecture` or `os/architecture/variant`.
  ///
  /// @throws IllegalArgumentException if it is neither
  public static Platform parse(String text) {
    String[] parts = text.split("/", -1);
    if (parts.length < 2 || parts.length > 3 || parts[0].isEmpty() || parts[1].isEmpty()) {
      throw new IllegalArgumentException(
          "not a platform: '%s' (expected os/architecture[/variant])".formatted(text));
    }
    return new Platform(parts[0], parts[1], parts.length == 3 ? parts[2] : "");
  }

  /// Returns Linux on the processor this runs on.
  public static Platform host() {
    return new Platform("linux", System.getProperty("os.arch", "amd64"), "");
  }

  @Override
  public String toString() {
    return os + "/" + architecture + (variant.isEmpty() ? "" : "/" + variant);
  }
}
