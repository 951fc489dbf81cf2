package dev.asterism.cli;

import dev.asterism.cli.admin.client.AdminClient;
import dev.asterism.cli.admin.client.AdminSocketOption;
import dev.asterism.cli.admin.client.FlatJson;
import dev.asterism.cli.cache.ByteText;
import dev.asterism.cli.cache.TextTable;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `asterism status`: a running daemon, its images, and what keeps something away.
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Prints what a running daemon has: its images, how much of each is on this node, which need",
      "their registry no longer, what could not be fetched and why, its memory."
    })
final class StatusCommand implements Callable<Integer> {
  @Mixin private final AdminSocketOption socket = new AdminSocketOption();

  @Option(names = "--json", description = "print the daemon's own answer; sizes are bytes")
  private boolean json;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    AdminClient daemon = socket.client();
    PrintWriter out = spec.commandLine().getOut();
    String images = daemon.get("/v1/images");
    if (json) {
      out.print(images);
    } else {
      FlatJson status = daemon.status();
      out.printf(
          "asterism %s, process %d, up for %d s, root %s%n",
          status.text("version").orElse("?"),
          status.number("pid"),
          status.number("uptimeSeconds"),
          status.text("root").orElse("?"));
      out.printf(
          "memory %s resident, heap %s of %s%n%n",
          ByteText.of(status.number("memory/resident")),
          ByteText.of(status.number("memory/heapUsed")),
          ByteText.of(status.number("memory/heapMax")));
      print(out, FlatJson.parse(images));
      printOutages(out, FlatJson.parse(daemon.get("/v1/outages")));
    }
    out.flush();
    return ExitCode.OK;
  }

  /// What is away, and the last that was.
  private static void printOutages(PrintWriter out, FlatJson outages) {
    boolean saidFormer = false;
    for (int i = 0; outages.text("outages/%d/registry".formatted(i)).isPresent(); i++) {
      String at = "outages/%d/".formatted(i);
      String ended = outages.text(at + "ended").orElse("");
      if (!ended.isEmpty() && saidFormer) {
        return;
      }
      saidFormer = !ended.isEmpty();
      out.printf(
          "%nRegistry %s %s%n  %s%n  %s, bytes %d to %d of %s%n",
          outages.text(at + "registry").orElse(""),
          ended.isEmpty()
              ? "is away since %s, %d calls wait"
                  .formatted(outages.text(at + "since").orElse(""), outages.number(at + "waiting"))
              : "was away from %s to %s".formatted(outages.text(at + "since").orElse(""), ended),
          outages.text(at + "cause").orElse(""),
          outages.text(at + "image").orElse(""),
          outages.number(at + "start"),
          outages.number(at + "end"),
          outages.text(at + "file").orElse(""));
    }
  }

  /// Namespaces that share nothing have their images apart.
  private static String namespace(FlatJson images, String at) {
    return images.text(at + "namespace").map(name -> "namespace " + name + ": ").orElse("");
  }

  /// Who has answered since the daemon started, and how many requests.
  private static String sources(FlatJson images, String at) {
    return images.below(at).entrySet().stream()
        .map(source -> "%s (%s)".formatted(source.getKey(), source.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static void print(PrintWriter out, FlatJson images) {
    TextTable table =
        new TextTable("lrrrrll", "IMAGE", "LAYERS", "COMPLETE", "HERE", "OF", "NEEDS", "CAME FROM");
    StringBuilder troubles = new StringBuilder();
    for (int i = 0; images.text("images/%d/image".formatted(i)).isPresent(); i++) {
      String at = "images/%d/".formatted(i);
      String name = images.text(at + "image").orElse("");
      long mounted = images.number(at + "mounted");
      long complete = images.number(at + "completeLayers");
      table.add(
          namespace(images, at) + (name.isEmpty() ? "(no image)" : name),
          String.valueOf(mounted),
          String.valueOf(complete),
          ByteText.of(images.number(at + "stored")),
          ByteText.of(images.number(at + "size")),
          mounted == complete ? "nothing" : "its registry",
          sources(images, at + "sources"));
      for (int l = 0; images.text(at + "layers/%d/digest".formatted(l)).isPresent(); l++) {
        String trouble = images.text(at + "layers/%d/trouble".formatted(l)).orElse("");
        if (!trouble.isEmpty()) {
          troubles.append(
              "\n%s\n  layer %s\n  %s\n"
                  .formatted(
                      namespace(images, at) + name,
                      images.text(at + "layers/%d/digest".formatted(l)).get(),
                      trouble));
        }
      }
    }
    out.print(table);
    if (!troubles.isEmpty()) {
      out.print("\nNot to be had when it was wanted last:\n" + troubles);
    }
  }
}
