package dev.asterism.cli;

import dev.asterism.layers.Profile;
import dev.asterism.layers.ProfileStore;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `asterism profile`: what containers read when they started, as this node has learned it.
///
/// Works on the files below the root, with or without a daemon: that reads a profile when its image
/// is pulled or started.
@Command(
    name = "profile",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = "Shows, exports and imports what starts of images were seen to read.",
    subcommands = {
      ProfileCommand.ListCommand.class,
      ProfileCommand.ShowCommand.class,
      ProfileCommand.ExportCommand.class,
      ProfileCommand.ImportCommand.class,
    })
final class ProfileCommand {
  private ProfileCommand() {}

  /// Where profiles lie.
  static final class RootOption {
    @Option(
        names = {"-r", "--root"},
        paramLabel = "DIR",
        defaultValue = "/var/lib/asterism",
        description = "the daemon's root (default: ${DEFAULT-VALUE})")
    private Path root = Path.of("/var/lib/asterism");

    ProfileStore store() {
      return ProfileStore.of(root);
    }

    /// Returns an image's profile.
    ///
    /// @throws IOException if there is none
    Profile require(String image) throws IOException {
      return store()
          .findExactly(image)
          .orElseThrow(() ->
              new IOException(
                  "no profile of %s below %s; `asterism profile list` shows those there are"
                      .formatted(image, root)));
    }
  }

  /// `asterism profile list`.
  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      description = "Lists the images that have a profile.")
  static final class ListCommand implements Callable<Integer> {
    @Mixin private final RootOption root = new RootOption();
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() {
      PrintWriter out = spec.commandLine().getOut();
      for (Profile profile : root.store().list()) {
        out.printf(
            Locale.ROOT,
            "%s  %s  %d files  %.1f MB%n",
            profile.image(),
            profile.recorded(),
            profile.files().size(),
            profile.bytes() / 1e6);
      }
      out.flush();
      return ExitCode.OK;
    }
  }

  /// `asterism profile show IMAGE`.
  @Command(
      name = "show",
      mixinStandardHelpOptions = true,
      description = "Shows the files of a profile in the order of their first use.")
  static final class ShowCommand implements Callable<Integer> {
    @Parameters(paramLabel = "IMAGE", description = "as `asterism profile list` writes it")
    private String image = "";

    @Mixin private final RootOption root = new RootOption();
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
      Profile profile = root.require(image);
      PrintWriter out = spec.commandLine().getOut();
      out.printf(
          Locale.ROOT,
          "%s, recorded %s: %d files in %d layers, %d compressed bytes%n",
          profile.image(),
          profile.recorded(),
          profile.files().size(),
          profile.layers().size(),
          profile.bytes());
      for (Profile.File file : profile.files()) {
        String used = file.used() == file.size() ? "all" : String.valueOf(file.used());
        out.printf(
            Locale.ROOT,
            "%8d ms  %10s of %10d  %s%n",
            file.millis(),
            used,
            file.size(),
            file.path().isEmpty() ? file.content().toString() : "/" + file.path());
      }
      out.flush();
      return ExitCode.OK;
    }
  }

  /// `asterism profile export IMAGE`.
  @Command(
      name = "export",
      mixinStandardHelpOptions = true,
      description = "Writes a profile as text, to be imported on another node.")
  static final class ExportCommand implements Callable<Integer> {
    @Parameters(paramLabel = "IMAGE", description = "as `asterism profile list` writes it")
    private String image = "";

    @Option(
        names = {"-o", "--output"},
        paramLabel = "FILE",
        description = "write there instead of to standard output")
    private Optional<Path> output = Optional.empty();

    @Mixin private final RootOption root = new RootOption();
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
      String text = ProfileStore.export(root.require(image));
      if (output.isPresent()) {
        Files.writeString(output.get(), text);
      } else {
        PrintWriter out = spec.commandLine().getOut();
        out.print(text);
        out.flush();
      }
      return ExitCode.OK;
    }
  }

  /// `asterism profile import FILE…`.
  @Command(
      name = "import",
      mixinStandardHelpOptions = true,
      description = "Takes profiles that were exported; one that is there already is replaced.")
  static final class ImportCommand implements Callable<Integer> {
    @Parameters(
        paramLabel = "FILE",
        arity = "1..*",
        description = "what `asterism profile export` wrote; - is standard input")
    private List<Path> files = List.of();

    @Option(
        names = "--image",
        paramLabel = "IMAGE",
        description = "keep it under this image, e.g. where the registry has another name here")
    private Optional<String> image = Optional.empty();

    @Mixin private final RootOption root = new RootOption();
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public Integer call() throws IOException {
      PrintWriter out = spec.commandLine().getOut();
      for (Path file : files) {
        Profile profile;
        try {
          profile = ProfileStore.parse(read(file));
        } catch (IOException e) {
          throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
        }
        Profile kept = image.map(profile::withImage).orElse(profile);
        root.store().put(kept);
        out.printf(Locale.ROOT, "%s  %d files%n", kept.image(), kept.files().size());
      }
      out.flush();
      return ExitCode.OK;
    }

    private static String read(Path file) throws IOException {
      if (file.toString().equals("-")) {
        byte[] bytes = System.in.readNBytes(ProfileStore.MAX_BYTES + 1);
        return new String(bytes, StandardCharsets.UTF_8);
      }
      if (Files.size(file) > ProfileStore.MAX_BYTES) {
        throw new IOException("larger than any profile: %d bytes".formatted(Files.size(file)));
      }
      return Files.readString(file);
    }
  }
}
