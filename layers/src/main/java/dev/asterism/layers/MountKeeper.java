package dev.asterism.layers;

import dev.asterism.fuse.ConnectionFds;
import dev.asterism.linux.Fd;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/// Who holds a gate's descriptors while no process serves it.
public interface MountKeeper {
  /// What has to be held.
  ///
  /// @param connection of the FUSE mount
  /// @param gate the memory in which the gate keeps what it told the kernel
  record Kept(ConnectionFds connection, Fd gate) implements AutoCloseable {
    /// Returns all of them: the two memories, then the devices.
    public List<Fd> all() {
      return Stream.concat(
              Stream.of(connection.ledger(), gate),
              connection.devices().stream())
          .toList();
    }

    /// Closes all of them.
    @Override
    public void close() {
      all().forEach(Fd::close);
    }

    /// Puts together what [#all] has taken apart.
    ///
    /// @return empty if these are too few
    public static Optional<Kept> of(List<Fd> all) {
      return all.size() < 3
          ? Optional.empty()
          : Optional.of(
              new Kept(new ConnectionFds(all.subList(2, all.size()), all.get(0)), all.get(1)));
    }
  }

  /// Returns what a former process left, as descriptors of this process; whoever held them still
  /// does. Empty if nothing usable is there.
  Optional<Kept> take();

  /// Has descriptors held until [#release].
  ///
  /// @param device of the mount, as `/proc/self/mountinfo` shows it: `0:45`
  /// @return false if nobody is to hold them: then the mount ends with this process
  /// @throws IOException if nobody can
  boolean keep(Kept kept, String device) throws IOException;

  /// Lets go of what is held. Does nothing if nothing is.
  void release();

  /// Holds nothing: the mount ends with its process.
  MountKeeper NOBODY =
      new MountKeeper() {
        @Override
        public Optional<Kept> take() {
          return Optional.empty();
        }

        @Override
        public boolean keep(Kept kept, String device) {
          return false;
        }

        @Override
        public void release() {}
      };
}
