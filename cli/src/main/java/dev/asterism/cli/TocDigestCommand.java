package dev.asterism.cli;

import dev.asterism.cli.cache.ContentJson;
import dev.asterism.containerd.StoredContent;
import dev.asterism.content.Digest;
import dev.asterism.estargz.TocLocation;
import dev.asterism.estargz.TocReader;
import dev.asterism.images.ImageLocation;
import dev.asterism.images.ImageSource;
import dev.asterism.images.TocDigests;
import dev.asterism.registry.Platform;
import dev.asterism.registry.RegistryClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism get-toc-digest`: what a manifest has to pin.
@Command(
    name = "get-toc-digest",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Prints each layer's digest and the digest of its TOC, - for a layer without one. Of a layer",
      "that is named by its digest, and lies in containerd's store, the TOC's digest alone."
    })
final class TocDigestCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "IMAGE|LAYER",
      description = "a reference, oci:DIR[:TAG], oci-archive:FILE …; or sha256:… of a layer")
  private String subject = "";

  @Option(names = "--dump-toc", description = "print the TOCs themselves, indented")
  private boolean dump;

  @Option(
      names = "--zstdchunked",
      description = "refuse a layer that is not zstd:chunked; which one it is, is seen anyway")
  private boolean zstdChunked;

  @Option(names = "--json", description = "tell programs: one JSON object a line")
  private boolean json;

  @Mixin private final ImageOptions options = new ImageOptions();
  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    PrintWriter out = spec.commandLine().getOut();
    Platform platform = options.onePlatform(spec);
    TocReader.Text text =
        dump ? toc -> out.print(ContentJson.indented(toc)) : _ -> {}; // else only hashed
    Optional<Digest> layer = Digest.find(subject);
    Map<Digest, Optional<TocDigests.Toc>> tocs =
        layer.isPresent() ? ofLayer(layer.get(), text) : ofImage(platform, text);
    for (Map.Entry<Digest, Optional<TocDigests.Toc>> each : tocs.entrySet()) {
      requireFormat(each.getKey(), each.getValue());
      String toc = each.getValue().map(found -> found.digest().toString()).orElse("-");
      if (json && !dump) {
        out.println(line(each.getKey(), toc));
      } else if (!dump) {
        out.println(layer.isPresent() ? toc : each.getKey() + "  " + toc);
      }
    }
    out.flush();
    return ExitCode.OK;
  }

  private Map<Digest, Optional<TocDigests.Toc>> ofLayer(Digest layer, TocReader.Text text)
      throws IOException {
    try (StoredContent blob = StoredContent.open(options.containerd(), layer)) {
      Map<Digest, Optional<TocDigests.Toc>> one = new LinkedHashMap<>();
      one.put(layer, Optional.of(TocDigests.read(layer, blob, text)));
      return one;
    }
  }

  private Map<Digest, Optional<TocDigests.Toc>> ofImage(Platform platform, TocReader.Text text)
      throws IOException {
    try (RegistryClient client = options.client(spec);
        ImageSource source = location().source(options.places(client))) {
      return TocDigests.read(source, platform, text);
    }
  }

  private ImageLocation location() {
    try {
      return ImageLocation.parse(subject);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private void requireFormat(Digest layer, Optional<TocDigests.Toc> toc) throws IOException {
    boolean other =
        toc.filter(found -> found.format() != TocLocation.Format.ZSTD_CHUNKED).isPresent();
    if (zstdChunked && other) {
      throw new IOException("layer %s is not zstd:chunked".formatted(layer));
    }
  }

  private static String line(Digest layer, String toc) {
    return "{\"layer\":\"%s\",\"toc\":%s}"
        .formatted(layer, toc.equals("-") ? "null" : "\"%s\"".formatted(toc));
  }
}
