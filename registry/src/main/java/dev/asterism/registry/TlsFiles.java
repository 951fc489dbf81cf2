package dev.asterism.registry;

import java.nio.file.Path;
import java.util.List;

/// The files that TLS with one endpoint uses. Immutable.
///
/// @param authorities certificates in PEM that are trusted beside the JDK's
/// @param clients what is shown to a server that asks who connects
/// @param skipVerify whether any certificate of any name is taken
public record TlsFiles(List<Path> authorities, List<Client> clients, boolean skipVerify) {
  /// Nothing but what is so everywhere.
  public static final TlsFiles NONE = new TlsFiles(List.of(), List.of(), false);

  /// Copies the lists.
  public TlsFiles {
    authorities = List.copyOf(authorities);
    clients = List.copyOf(clients);
  }

  /// A client's certificate and its key, in PEM; both may be one file. Immutable.
  public record Client(Path certificate, Path key) {}
}
