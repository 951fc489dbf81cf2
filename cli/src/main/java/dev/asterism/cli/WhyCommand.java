package dev.asterism.cli;

import dev.asterism.cli.admin.client.AdminClient;
import dev.asterism.cli.admin.client.AdminSocketOption;
import dev.asterism.cli.admin.client.FlatJson;
import dev.asterism.cli.cache.ByteText;
import dev.asterism.cli.cache.ContentJson;
import dev.asterism.cli.cache.TextTable;
import dev.asterism.registry.ImageReference;
import dev.asterism.snapshotter.ContainerImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
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

/// `asterism why`: what the start of a container waited for.
@Command(
    name = "why",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Says what the last start of an image, or of a container's image, waited for: files, bytes and",
      "round trips, by cause, and what was fetched for it and why. A running daemon remembers the",
      "last 64 starts; one counts four seconds after it has become quiet."
    })
final class WhyCommand implements Callable<Integer> {
  private static final List<String> CAUSES =
      List.of("read", "readahead", "prefetch", "learned", "guess", "background");

  /// What a call may have waited for, as the daemon names it, and what that means.
  private static final Map<String, String> WAITS = waits();

  @Parameters(
      paramLabel = "CONTAINER|IMAGE",
      arity = "0..1",
      description = "which one; without it all starts are listed")
  private Optional<String> name = Optional.empty();

  @Option(
      names = "--timeline",
      paramLabel = "FILE",
      description = "draw every request and every wait of that start there, as SVG")
  private Optional<Path> timeline = Optional.empty();

  @Option(
      names = "--json",
      description = "print what the daemon knows: all starts, or one with its timeline")
  private boolean json;

  @Mixin private final AdminSocketOption socket = new AdminSocketOption();

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    if (name.isEmpty() && timeline.isPresent()) {
      throw new ParameterException(
          spec.commandLine(), "--timeline draws one start: name a container or an image");
    }
    AdminClient daemon = socket.client();
    FlatJson starts = FlatJson.parse(daemon.get("/v1/starts"));
    PrintWriter out = spec.commandLine().getOut();
    if (name.isEmpty() && json) {
      out.print(daemon.get("/v1/starts"));
    } else if (name.isEmpty()) {
      list(out, starts);
    } else {
      Optional<String> ofContainer = ofContainer(daemon.status(), name.get());
      String image = ofContainer.isPresent() ? ofContainer.get() : image(name.get());
      String at = find(starts, image);
      if (timeline.isPresent() || json) {
        detail(out, daemon, image);
      }
      if (!json) {
        explain(out, starts, at);
      }
      if (ofContainer.isPresent() && !json) {
        out.printf(
            "%nThat is the last start of %s's image. A file that several containers use is one to the"
                + " daemon,%nand does not say which of them read it: all containers of an image"
                + " have this answer.%n",
            name.get());
      }
    }
    out.flush();
    return ExitCode.OK;
  }

  private static Map<String, String> waits() {
    Map<String, String> waits = new LinkedHashMap<>();
    waits.put("cold", "nobody had asked for it before");
    waits.put("coming", "it was on its way in a range that had been asked for");
    waits.put("queued", "its turn: others were before it");
    waits.put("repeated", "a request failed and was made again, or it could not be had");
    waits.put("unpacked", "it had come: unpacking, checking and storing");
    return waits;
  }

  /// Draws or prints the whole of one start.
  private void detail(PrintWriter out, AdminClient daemon, String image) throws IOException {
    String question =
        ContentJson.line(body -> {
          body.writeStartObject();
          body.writeStringProperty("image", image);
          body.writeEndObject();
        });
    String start = daemon.post("/v1/starts/timeline", question);
    if (timeline.isPresent()) {
      Files.writeString(timeline.get(), WhyTimeline.draw(FlatJson.parse(start)));
    }
    if (json) {
      out.print(start);
    }
  }

  /// Returns a container's image, whichever namespace it is in where they share nothing.
  private static Optional<String> ofContainer(FlatJson status, String name) throws IOException {
    List<Path> roots = new ArrayList<>();
    for (int i = 0; status.text("namespaces/%d/root".formatted(i)).isPresent(); i++) {
      roots.add(Path.of(status.text("namespaces/%d/root".formatted(i)).get()));
    }
    if (roots.isEmpty()) {
      roots.add(Path.of(status.text("root").orElse("")));
    }
    for (Path root : roots) {
      Optional<String> image = ContainerImage.find(root, name);
      if (image.isPresent()) {
        return image;
      }
    }
    return Optional.empty();
  }

  /// Returns an image's name as containerd writes it.
  private static String image(String name) throws IOException {
    try {
      return ImageReference.parse(name).toString();
    } catch (IllegalArgumentException e) {
      throw new IOException(
          "no container %s here, and no image: %s".formatted(name, e.getMessage()));
    }
  }

  private static String find(FlatJson starts, String image) throws IOException {
    for (int i = 0; starts.text("starts/%d/image".formatted(i)).isPresent(); i++) {
      if (starts.text("starts/%d/image".formatted(i)).get().equals(image)) {
        return "starts/%d/".formatted(i);
      }
    }
    throw new IOException(
        "no start of %s was seen since the daemon started; 'asterism why' lists those that were"
            .formatted(image));
  }

  private static void list(PrintWriter out, FlatJson starts) {
    TextTable table =
        new TextTable("llrrrr", "IMAGE", "BEGAN", "TOOK", "WAITS", "WAITED", "FETCHED");
    for (int i = 0; starts.text("starts/%d/image".formatted(i)).isPresent(); i++) {
      String at = "starts/%d/".formatted(i);
      table.add(
          starts.text(at + "image").orElse(""),
          starts.text(at + "began").orElse(""),
          starts.number(at + "millis") + " ms",
          String.valueOf(starts.number(at + "waits")),
          starts.number(at + "waitedMillis") + " ms",
          ByteText.of(CAUSES.stream().mapToLong(why -> starts.number(at + "bytes/" + why)).sum()));
    }
    out.print(table);
  }

  private static void explain(PrintWriter out, FlatJson starts, String at) {
    out.printf(
        "%s, %s%n", starts.text(at + "image").orElse(""), starts.text(at + "began").orElse(""));
    out.printf(
        "%d ms until the last file that it used, %d ms of them until its mount%n",
        starts.number(at + "millis"), starts.number(at + "mountMillis"));
    out.printf(
        "%d files used, %s; %s came and were not used%n",
        starts.number(at + "files"),
        ByteText.of(starts.number(at + "usedBytes")),
        ByteText.of(starts.number(at + "unusedBytes")));
    out.printf(
        "%d calls waited, %d ms in all; %d of them in vain%n%n",
        starts.number(at + "waits"),
        starts.number(at + "waitedMillis"),
        starts.number(at + "failures"));
    TextTable causes = new TextTable("lrr", "FETCHED BECAUSE", "REQUESTS", "BYTES");
    for (String why : CAUSES) {
      causes.add(
          why,
          String.valueOf(starts.number(at + "requests/" + why)),
          ByteText.of(starts.number(at + "bytes/" + why)));
    }
    out.print(causes);
    if (!starts.below(at + "causes").isEmpty()) {
      TextTable waits = new TextTable("rrrrl", "WAITED", "CALLS", "ROUND TRIPS", "BYTES", "FOR");
      for (Map.Entry<String, String> cause : WAITS.entrySet()) {
        String wait = at + "causes/" + cause.getKey() + "/";
        if (starts.number(wait + "waits") > 0) {
          waits.add(
              starts.number(wait + "millis") + " ms",
              String.valueOf(starts.number(wait + "waits")),
              String.valueOf(starts.number(wait + "requests")),
              ByteText.of(starts.number(wait + "bytes")),
              cause.getKey() + ": " + cause.getValue());
        }
      }
      out.print("\n" + waits);
    }
    TextTable files =
        new TextTable("rrrrll", "WAITED", "CALLS", "ROUND TRIPS", "BYTES", "MOSTLY FOR", "FILE");
    int i = 0;
    for (; starts.text(at + "longest/%d/path".formatted(i)).isPresent(); i++) {
      String wait = at + "longest/%d/".formatted(i);
      files.add(
          starts.number(wait + "millis") + " ms",
          String.valueOf(starts.number(wait + "calls")),
          String.valueOf(starts.number(wait + "requests")),
          ByteText.of(starts.number(wait + "bytes")),
          starts.text(wait + "cause").orElse(""),
          starts.text(wait + "path").orElse(""));
    }
    if (i > 0) {
      out.print("\n" + files);
    }
  }
}
