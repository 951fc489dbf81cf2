package dev.asterism.cli;

import dev.asterism.images.ImageLocation;
import dev.asterism.registry.Credential;
import dev.asterism.registry.CredentialChain;
import dev.asterism.registry.Credentials;
import java.io.Console;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// Who asks a registry, where that is said on the command line, as `ctr` has it.
final class LoginOptions {
  @Option(
      names = {"--user", "-u"},
      paramLabel = "USER[:PASSWORD]",
      description = "of the registry; without a password it is asked for (default: docker login's)")
  private Optional<String> user = Optional.empty();

  @Option(
      names = "--refresh",
      paramLabel = "TOKEN",
      description = "refresh token for the registry's token service")
  private Optional<String> refresh = Optional.empty();

  /// Returns the credentials: what was given for the one registry among the places, and what
  /// `docker login` left for all others.
  ///
  /// @throws ParameterException if it is not clear which registry is meant, or a password is
  ///   missing and there is nobody to ask
  Credentials credentials(CommandSpec spec, ImageLocation... places) {
    if (user.isEmpty() && refresh.isEmpty()) {
      return RegistryLogin.ofUser();
    }
    if (user.isPresent() && refresh.isPresent()) {
      throw new ParameterException(spec.commandLine(), "--user or --refresh, not both");
    }
    List<String> hosts =
        Stream.of(places)
            .filter(ImageLocation.InRegistry.class::isInstance)
            .map(place -> ((ImageLocation.InRegistry) place).reference().host())
            .distinct()
            .toList();
    if (hosts.size() != 1) {
      throw new ParameterException(
          spec.commandLine(),
          hosts.isEmpty()
              ? "--user and --refresh are for a registry, and none is asked"
              : "--user and --refresh are for one registry, here are two: %s; 'docker login' keeps both"
                  .formatted(String.join(", ", hosts)));
    }
    String host = hosts.getFirst();
    Credential given = user.isPresent() ? basic(user.get(), host, spec) : token();
    Credentials own = asked -> asked.equals(host) ? Optional.of(given) : Optional.empty();
    return new CredentialChain(List.of(own, RegistryLogin.ofUser()));
  }

  private Credential token() {
    return new Credential.IdentityToken(refresh.orElseThrow());
  }

  private static Credential basic(String text, String host, CommandSpec spec) {
    int colon = text.indexOf(':');
    return colon < 0
        ? new Credential.Basic(text, password(text, host, spec))
        : new Credential.Basic(text.substring(0, colon), text.substring(colon + 1));
  }

  private static String password(String name, String host, CommandSpec spec) {
    // Which Java has a console without a terminal differs from version to version.
    return Optional.ofNullable(System.console())
        .filter(Console::isTerminal)
        .map(console -> console.readPassword("Password of %s for %s: ", name, host))
        .map(String::new)
        .orElseThrow(() ->
            new ParameterException(
                spec.commandLine(),
                "--user USER:PASSWORD: there is no terminal to ask for the password"));
  }
}
