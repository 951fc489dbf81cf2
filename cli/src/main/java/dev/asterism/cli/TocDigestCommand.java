package dev.asterism.cli;

import dev.asterism.content.Digest;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImageSource;
import dev.asterism.images.TocDigests;
import dev.asterism.registry.RegistryClient;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism get-toc-digest`: what a manifest has to pin.
@Command(
    name = "get-toc-digest",
    mixinStandardHelpOptions = true,
    description =
        "Prints each layer's digest and the digest of its TOC, - for a layer without one.")
final class TocDigestCommand implements Callable<Integer> {
  @Parameters(paramLabel = "IMAGE", description = "a reference, oci:DIR[:TAG], oci-archive:FILE …")
  @SuppressWarnings("NullAway.Init") // picocli sets it before it calls
  private ImageLocation image;

  @Mixin private final ImageOptions options = new ImageOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    try (RegistryClient client = options.client(spec);
        ImageSource source = image.source(options.places(client))) {
      SequencedMap<Digest, Optional<Digest>> digests = TocDigests.of(source, options.platform());
      digests.forEach(
          (layer, toc) -> out.println(layer + "  " + toc.map(Digest::toString).orElse("-")));
    }
    out.flush();
    return ExitCode.OK;
  }
}
