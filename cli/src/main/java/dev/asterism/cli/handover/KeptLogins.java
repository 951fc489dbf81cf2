package dev.asterism.cli.handover;

import dev.asterism.linux.Fd;
import dev.asterism.registry.PulledCredentials;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;

/// What kubelet pulled with, kept from one process to the next by whoever holds the gate: in
/// memory, never on a disk. Where nobody can hold it, only a line in the log says so. Thread-safe.
public final class KeptLogins implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger(KeptLogins.class.getName());

  private final Handover handover;
  private final LoginMemory memory;

  private KeptLogins(Handover handover, LoginMemory memory) {
    this.handover = handover;
    this.memory = memory;
  }

  /// Takes over what a former process has left, and gives it to `credentials`.
  ///
  /// @throws IOException if there is no memory
  public static KeptLogins open(Handover handover, PulledCredentials credentials)
      throws IOException {
    Optional<Fd> former = handover.takeLogins();
    if (former.isPresent()) {
      try {
        return new KeptLogins(handover, restored(former.get(), credentials));
      } catch (IOException e) {
        LOGGER.log(Level.WARNING, e.getMessage());
        handover.releaseLogins();
      }
    }
    KeptLogins made = new KeptLogins(handover, LoginMemory.create());
    try {
      handover.keepLogins(made.memory.fd());
    } catch (IOException e) {
      warn(e);
    }
    return made;
  }

  private static LoginMemory restored(Fd former, PulledCredentials credentials) throws IOException {
    LoginMemory memory = LoginMemory.open(former);
    try {
      List<PulledCredentials.Known> known = memory.read();
      credentials.restore(known);
      LOGGER.log(Level.INFO, "logins of former pulls taken over count={0}", known.size());
      return memory;
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /// Lets go of what a former process may have left.
  public static void forget(Handover handover) {
    handover.releaseLogins();
  }

  /// Keeps what is known now, and nothing else.
  public synchronized void keep(PulledCredentials credentials) {
    memory.write(credentials.all());
    try {
      handover.holdOnToLogins(memory.fd());
    } catch (IOException e) {
      warn(e);
    }
  }

  private static void warn(IOException e) {
    LOGGER.log(
        Level.WARNING,
        "what kubelet pulls with does not outlive this process: after a restart, reads of private images wait for the next pull cause={0}",
        e.getMessage());
  }

  /// Gives the memory back; whoever else holds it still does.
  @Override
  public void close() {
    memory.close();
  }
}
