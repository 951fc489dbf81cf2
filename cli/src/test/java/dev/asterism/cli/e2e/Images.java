package dev.asterism.cli.e2e;

import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.registry.Credentials;
import dev.asterism.registry.Descriptor;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.Image;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import dev.asterism.testkit.layer.MemoryBlob;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// What a registry on the loopback says about its images.
final class Images {
  private static final Pattern DIGEST = Pattern.compile("sha256:[0-9a-f]{64}");

  private Images() {}

  /// Resolves an image for this machine's platform.
  static Image resolve(String reference) throws IOException {
    try (RegistryClient client = client()) {
      return client.resolve(ImageReference.parse(reference), Platform.host());
    }
  }

  /// Returns the bytes of an image's layers in the registry.
  static long size(String reference) throws IOException {
    return resolve(reference).layers().stream().mapToLong(Descriptor::size).sum();
  }

  /// Returns the name of the topmost snapshot of an image, as OCI's image specification derives it
  /// from the layers' diffIDs.
  static String chainId(String reference) throws IOException {
    try (RegistryClient client = client()) {
      Image image = client.resolve(ImageReference.parse(reference), Platform.host());
      String config = new String(client.config(image), StandardCharsets.UTF_8);
      int start = config.indexOf("\"diff_ids\"");
      Optional<String> chain =
          DIGEST
              .matcher(config.substring(start, config.indexOf(']', start)))
              .results()
              .map(MatchResult::group)
              .reduce((below, layer) ->
                  Digest.of((below + " " + layer).getBytes(StandardCharsets.UTF_8)).toString());
      return chain.orElseThrow(() -> new IOException(reference + " has no layers"));
    }
  }

  /// Reads a layer whole.
  static Blob blob(String reference, Descriptor layer) throws IOException {
    try (RegistryClient client = client()) {
      Blob blob =
          client.blob(
              ImageReference.parse(reference), layer.digest(), OptionalLong.of(layer.size()));
      return new MemoryBlob(blob.read(new ByteRange(0, layer.size())));
    }
  }

  private static RegistryClient client() {
    return new RegistryClient(
        Hosts.standard(), Credentials.anonymous(), RequestPolicy.DEFAULT, InstantSource.system());
  }
}
