package dev.asterism.cli.handover;

import dev.asterism.layers.MountKeeper.Kept;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.Fd;
import dev.asterism.linux.UnixDatagram;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// systemd, as a service talks to it (`sd_notify(3)`, `sd_listen_fds(3)`, "File Descriptor Store").
///
/// What is put into its store comes back with every start of the service, and stays in the store.
/// systemd itself drops a device whose connection has ended. Thread-safe.
public final class ServiceManager {
  private static final Logger LOGGER = System.getLogger(ServiceManager.class.getName());

  private static final int FIRST_DESCRIPTOR = 3; // SD_LISTEN_FDS_START
  private static final String LOGINS = "asterism-logins";

  private final String socket;
  private final Map<String, String> environment;
  private final Names names;

  private ServiceManager(String socket, Map<String, String> environment, Names names) {
    this.socket = socket;
    this.environment = environment;
    this.names = names;
  }

  /// What its store calls a gate's descriptors. Immutable.
  record Names(String session, String gate, String device) {
    /// @param suffix tells one gate of a daemon from another
    static Names of(String suffix) {
      return new Names(
          "asterism-session" + suffix, "asterism-gate" + suffix, "asterism-device" + suffix);
    }

    List<String> all() {
      return List.of(session, gate, device);
    }
  }

  Names names() {
    return names;
  }

  /// Returns the same for the gate of one namespace.
  ///
  /// @param namespace has no `:`
  ServiceManager ofNamespace(String namespace) {
    return new ServiceManager(socket, environment, Names.of("-" + namespace));
  }

  /// Returns the service manager that has started this process, if one wants to hear from it.
  public static Optional<ServiceManager> find(Map<String, String> environment) {
    return Optional.ofNullable(environment.get("NOTIFY_SOCKET"))
        .map(socket -> new ServiceManager(socket, Map.copyOf(environment), Names.of("")));
  }

  /// Says that the service is up.
  public void ready() {
    tell("READY=1", List.of());
  }

  /// Says that the service is going down.
  public void stopping() {
    tell("STOPPING=1", List.of());
  }

  /// Returns what it kept since the former process; each descriptor can be taken once.
  Optional<Kept> take() {
    List<Fd> session = new ArrayList<>();
    List<Fd> gate = new ArrayList<>();
    List<Fd> devices = new ArrayList<>();
    List<String> passed = passed();
    try {
      for (int i = 0; i < passed.size(); i++) {
        int number = FIRST_DESCRIPTOR + i;
        String name = passed.get(i);
        if (name.equals(names.session())) {
          session.add(inherited(number));
        } else if (name.equals(names.gate())) {
          gate.add(inherited(number));
        } else if (name.equals(names.device())) {
          devices.add(inherited(number));
        } else {
          LOGGER.log(Level.DEBUG, "not this gate''s descriptor={0}", number);
        }
      }
    } catch (ErrnoException e) {
      LOGGER.log(
          Level.WARNING, "what the service manager kept is not there cause={0}", e.getMessage());
      List.of(session, gate, devices).forEach(list -> list.forEach(Fd::close));
      return Optional.empty();
    }
    if (session.size() != 1 || gate.size() != 1 || devices.isEmpty()) {
      List.of(session, gate, devices).forEach(list -> list.forEach(Fd::close));
      return Optional.empty();
    }
    session.addAll(gate);
    session.addAll(devices);
    return Kept.of(session);
  }

  /// Returns the memory of logins that it kept since the former process; it can be taken once.
  Optional<Fd> takeLogins() {
    int place = passed().indexOf(LOGINS);
    try {
      return place < 0 ? Optional.empty() : Optional.of(inherited(FIRST_DESCRIPTOR + place));
    } catch (ErrnoException e) {
      LOGGER.log(
          Level.WARNING, "what the service manager kept is not there cause={0}", e.getMessage());
      return Optional.empty();
    }
  }

  /// Puts the memory of logins into its store.
  ///
  /// @return whether it is known that the store keeps it over a stop
  boolean keepLogins(Fd memory) {
    releaseLogins();
    return store(LOGINS, List.of(memory)) && capacity() >= ServiceUnit.ENOUGH;
  }

  /// Takes the memory of logins out of its store.
  void releaseLogins() {
    tell("FDSTOREREMOVE=1\nFDNAME=" + LOGINS, List.of());
  }

  /// Returns the names of what was passed to this very process, in order.
  private List<String> passed() {
    String own = Long.toString(ProcessHandle.current().pid());
    if (!own.equals(environment.get("LISTEN_PID"))) {
      return List.of();
    }
    return List.of(environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1));
  }

  /// Takes over an inherited descriptor; the copy is close-on-exec, which that was not.
  private static Fd inherited(int number) throws ErrnoException {
    try (Fd original = Fd.adopt(number)) {
      return original.duplicate(FIRST_DESCRIPTOR);
    }
  }

  /// Puts descriptors into its store.
  ///
  /// @return whether it is known that the store takes them and keeps them over a stop: systemd 254
  ///   and later tell how many the unit may keep
  boolean keep(Kept kept) {
    release(); // a store that is full takes no more
    boolean told =
        store(names.session(), List.of(kept.connection().ledger()))
            && store(names.gate(), List.of(kept.gate()))
            && store(names.device(), kept.connection().devices());
    return told && capacity() >= kept.all().size();
  }

  /// Returns how many descriptors the unit may keep; 0 where systemd does not say so.
  int capacity() {
    try {
      return Integer.parseInt(environment.getOrDefault("FDSTORE", "0"));
    } catch (NumberFormatException _) {
      return 0;
    }
  }

  /// Empties its store of what is ours.
  void release() {
    for (String name : names.all()) {
      tell("FDSTOREREMOVE=1\nFDNAME=" + name, List.of());
    }
  }

  private boolean store(String name, List<Fd> descriptors) {
    return tell("FDSTORE=1\nFDNAME=" + name, descriptors);
  }

  private boolean tell(String text, List<Fd> descriptors) {
    try {
      UnixDatagram.send(socket, text, descriptors);
      return true;
    } catch (ErrnoException e) {
      LOGGER.log(
          Level.WARNING,
          "the service manager was not told \"{0}\" cause={1}",
          text.replace('\n', ' '),
          e.getMessage());
      return false;
    }
  }
}
