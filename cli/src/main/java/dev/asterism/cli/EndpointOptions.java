package dev.asterism.cli;

import dev.asterism.registry.Credentials;
import dev.asterism.registry.Endpoint;
import dev.asterism.registry.Hosts;
import dev.asterism.registry.NodeHosts;
import dev.asterism.registry.Proxies;
import dev.asterism.registry.RegistryClient;
import dev.asterism.registry.RequestPolicy;
import dev.asterism.registry.TlsFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// How registries are reached, by the names that `ctr` has for it.
final class EndpointOptions {
  @Option(
      names = "--plain-http",
      description = "ask registries without TLS (always so on this machine's loopback)")
  private boolean plainHttp;

  @Option(
      names = {"--skip-verify", "-k"},
      description = "take any certificate of a registry")
  private boolean skipVerify;

  @Option(
      names = "--tlscacert",
      paramLabel = "FILE",
      description = "an authority in PEM that registries' certificates may come from")
  private Optional<Path> authority = Optional.empty();

  @Option(
      names = "--tlscert",
      paramLabel = "FILE",
      description = "certificate in PEM that is shown to a registry that asks for one")
  private Optional<Path> certificate = Optional.empty();

  @Option(names = "--tlskey", paramLabel = "FILE", description = "its key in PEM")
  private Optional<Path> key = Optional.empty();

  @Option(
      names = "--hosts-dir",
      paramLabel = "DIR",
      description = "has HOST/hosts.toml as containerd reads them: mirrors and their settings")
  private Optional<Path> hostsFolder = Optional.empty();

  @Option(
      names = "--http-dump",
      description = "show requests and answers on standard error, without bodies and secrets")
  private boolean dump;

  @Option(names = "--http-trace", hidden = true)
  private boolean trace;

  /// Returns a client; the caller closes it.
  ///
  /// @throws ParameterException if the options contradict each other, or name what is not there
  RegistryClient client(CommandSpec spec, Credentials credentials, RequestPolicy policy) {
    check(spec);
    return dump
        ? new RegistryClient(
            hosts(),
            credentials,
            policy,
            InstantSource.system(),
            RegistryClient.CERTIFICATES,
            Proxies.of(System.getenv()),
            System.err::print)
        : new RegistryClient(hosts(), credentials, policy, InstantSource.system());
  }

  private void check(CommandSpec spec) {
    if (trace) {
      throw new ParameterException(
          spec.commandLine(), "--http-trace is not there: --http-dump shows requests and answers");
    }
    if (plainHttp && !tls().equals(TlsFiles.NONE)) {
      throw new ParameterException(
          spec.commandLine(), "--plain-http is without TLS: no options of TLS beside it");
    }
    if (certificate.isPresent() != key.isPresent()) {
      throw new ParameterException(
          spec.commandLine(), "--tlscert and --tlskey go together; both may be one file");
    }
    Stream.of(authority, certificate, key)
        .flatMap(Optional::stream)
        .filter(file -> !Files.isReadable(file))
        .findFirst()
        .ifPresent(file -> {
          throw new ParameterException(spec.commandLine(), file + ": no file that can be read");
        });
    if (hostsFolder.isPresent() && !Files.isDirectory(hostsFolder.get())) {
      throw new ParameterException(
          spec.commandLine(), "--hosts-dir %s: no folder".formatted(hostsFolder.get()));
    }
  }

  /// Returns where registries are: as `hosts.toml` says; files for TLS count where that names none.
  Hosts hosts() {
    if (hostsFolder.isEmpty()) {
      return this::usual;
    }
    Hosts node = new NodeHosts(Map.of(), List.of(hostsFolder.get()), this::usual);
    return host -> node.endpoints(host).stream().map(this::withTls).toList();
  }

  private List<Endpoint> usual(String host) {
    String authorityOfHost = Hosts.authorityOf(host);
    String scheme = tls().equals(TlsFiles.NONE) ? Endpoint.schemeOf(authorityOfHost) : "https";
    return List.of(withTls(new Endpoint(plainHttp ? "http" : scheme, authorityOfHost)));
  }

  private Endpoint withTls(Endpoint endpoint) {
    return endpoint.options().tls().equals(TlsFiles.NONE)
        ? new Endpoint(
            endpoint.scheme(),
            endpoint.authority(),
            endpoint.path(),
            endpoint.options().withTls(tls()))
        : endpoint;
  }

  private TlsFiles tls() {
    return new TlsFiles(
        authority.stream().toList(),
        certificate.stream().map(file -> new TlsFiles.Client(file, key.orElse(file))).toList(),
        skipVerify);
  }
}
