package dev.asterism.fuse;

import dev.asterism.linux.Errno;
import dev.asterism.linux.ErrnoException;
import dev.asterism.linux.FuseDevice;
import dev.asterism.linux.Mount;
import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// A mounted file system and the threads that serve it.
///
/// A few platform threads read requests, each from a device of its own; every request is handled on
/// a virtual thread. The mount is read-only, open to every user, and checked by the kernel's own
/// permission bits. It must not be touched by the process that serves it: a thread that waits for
/// itself waits for ever.
///
/// When somebody else unmounts it, the threads end as after [#close]. Thread-safe.
public final class FuseSession implements AutoCloseable {
  private static final Logger LOG = System.getLogger(FuseSession.class.getName());

  private static final Path BACKING_DEVICES = Path.of("/sys/class/bdi");

  /// How long readers may take to notice that the connection has ended.
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /// Between two looks at what is still being answered.
  private static final Duration LOOK = Duration.ofMillis(2);

  private final Mount mount;
  private final Negotiated negotiated;
  private final NodeLedger ledger;
  private final PendingRequests requests = new PendingRequests();
  private final List<FuseDevice> devices;
  private final InterruptWatcher watcher;
  private final List<Thread> threads = new ArrayList<>();
  private final OpenModes modes;
  private final AtomicInteger readersAlive;
  private final AtomicBoolean started = new AtomicBoolean();

  /// Set when another process is to go on: who reads a request now leaves it to that.
  private final AtomicBoolean leaving = new AtomicBoolean();

  /// Set when the connection has ended because the mount went: what stands there later is
  /// another's.
  private volatile boolean unmounted;

  private FuseSession(
      Mount mount,
      Negotiated negotiated,
      List<FuseDevice> devices,
      NodeLedger ledger,
      FileSystem fs,
      Options options) {
    this.mount = mount;
    this.negotiated = negotiated;
    this.ledger = ledger;
    this.devices = List.copyOf(devices);
    this.readersAlive = new AtomicInteger(devices.size());
    this.watcher = new InterruptWatcher(new Requester(Path.of("/proc")), requests);
    this.modes = new OpenModes(devices.getFirst(), negotiated.passthrough(), ledger);
    Operations operations =
        new Operations(
            fs,
            modes,
            new Buffers(negotiated.maxRead()),
            negotiated.has(InitFlags.NO_OPENDIR_SUPPORT));
    Handlers handlers = new Handlers(mount.type(), options.handlers());
    threads.add(thread("interrupts", watcher));
    for (FuseDevice device : devices) {
      Reader reader = new Reader(device, requests, watcher, handlers, operations, leaving);
      threads.add(thread("reader", () -> serve(reader)));
    }
  }

  private Thread thread(String role, Runnable task) {
    return Thread.ofPlatform()
        .name(mount.type() + "-" + role + "-" + threads.size())
        .daemon(true)
        .unstarted(task);
  }

  /// Mounts `fs` on a directory and serves it until [#close], or until somebody unmounts it.
  ///
  /// @param subtype what `/proc/mounts` shows: the type is `fuse.<subtype>`
  /// @throws NotDirectoryException if `mountpoint` is none
  /// @throws IOException if it cannot be mounted (no privilege, no `/dev/fuse`, a kernel that is
  ///   too old); nothing is left behind
  public static FuseSession mount(Path mountpoint, String subtype, FileSystem fs, Options options)
      throws IOException {
    Path target = mountpoint.toRealPath();
    if (!Files.isDirectory(target)) {
      throw new NotDirectoryException(mountpoint.toString());
    }
    List<FuseDevice> devices = new ArrayList<>();
    Optional<NodeLedger> ledger = Optional.empty();
    boolean mounted = false;
    boolean serving = false;
    try {
      ledger = Optional.of(NodeLedger.create(subtype + "-modes"));
      FuseDevice first = FuseDevice.open();
      devices.add(first);
      Mounts.mount(
          subtype,
          target,
          "fuse." + subtype,
          Mounts.MS_RDONLY | Mounts.MS_NOSUID | Mounts.MS_NODEV,
          // rootmode is octal: a directory
          "fd=%d,rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions,max_read=%d"
              .formatted(first.fd().number(), options.maxRead()));
      mounted = true;
      Negotiated negotiated = Handshake.negotiate(first, options.maxRead(), options.readAhead());
      while (devices.size() < options.readers()) {
        devices.add(first.another());
      }
      Mount mount = findMount(target);
      ConnectionHeader.of(negotiated, mount).write(ledger.get().header());
      FuseSession session = new FuseSession(mount, negotiated, devices, ledger.get(), fs, options);
      setReadAhead(mount, options.readAhead());
      session.serve();
      serving = true;
      return session;
    } finally {
      if (!serving) {
        if (mounted) {
          Mounts.unmount(target, Mounts.MNT_DETACH);
        }
        devices.forEach(FuseDevice::close);
        ledger.ifPresent(NodeLedger::close);
      }
    }
  }

  /// Takes over a mount whose process has died or left. Nobody is served before [#serve].
  ///
  /// The kernel still holds the nodes, handles and lookup counts that the former process gave out;
  /// they must mean the same to `fs`.
  ///
  /// @param fds the connection as [#fds] named it to whoever kept it. This takes the descriptors
  ///   over, and closes them if it fails. A request that was read from a device that nobody has
  ///   kept is lost: its caller got an error at that moment
  /// @throws OtherFormatException if the former process was of a version that gave out other nodes
  /// @throws IOException if they are not of the mount that stands there
  public static FuseSession resume(
      Path mountpoint, ConnectionFds fds, FileSystem fs, Options options) throws IOException {
    List<FuseDevice> devices = fds.devices().stream().map(FuseDevice::new).toList();
    Optional<NodeLedger> ledger = Optional.empty();
    boolean resumed = false;
    try {
      ledger = Optional.of(NodeLedger.open(fds.ledger()));
      ConnectionHeader header = ConnectionHeader.read(ledger.get().header());
      Mount mount = findMount(mountpoint);
      if (!header.isOf(mount)) {
        throw new IOException(
            "what was kept is of another mount than the one on %s".formatted(mountpoint));
      }
      FuseSession session =
          new FuseSession(mount, header.negotiated(), devices, ledger.get(), fs, options);
      resumed = true;
      return session;
    } finally {
      if (!resumed) {
        devices.forEach(FuseDevice::close);
        ledger.ifPresent(NodeLedger::close);
      }
    }
  }

  /// Begins to answer, first of all what a former process has not. Does nothing the second time.
  ///
  /// @throws IOException if the connection has ended
  public void serve() throws IOException {
    if (started.compareAndSet(false, true)) {
      try {
        // Before anything is read: what a reader of ours holds then would come a second time.
        if (negotiated.resend()) {
          Handshake.resend(devices.getFirst());
        }
      } finally {
        threads.forEach(Thread::start); // and end at once if the connection has
      }
    }
  }

  /// Stops to answer, so that another process can go on; the mount stays, and whoever reads from it
  /// waits. What is under way may end within `grace`; the rest is as if it had not been asked yet,
  /// and who waits for it can be killed.
  ///
  /// Somebody else must hold [#fds]: else the connection ends with the last descriptor.
  public void leave(Duration grace) throws IOException {
    long end = System.nanoTime() + grace.toNanos();
    while (requests.size() > 0 && System.nanoTime() < end) {
      try {
        Thread.sleep(LOOK);
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        break;
      }
    }
    leaving.set(true);
    requests.abandonAll();
    if (isServing() && negotiated.resend()) {
      // A reader that this wakes gives back what it got. Those that sleep on end with the process.
      Handshake.resend(devices.getFirst());
    }
  }

  /// Returns what kernel and session agreed on.
  public Negotiated negotiated() {
    return negotiated;
  }

  /// Returns where it is mounted: an absolute path without symlinks.
  public Path mountpoint() {
    return mount.mountpoint();
  }

  /// Returns the descriptors that another process needs to [#resume]; they stay the session's.
  /// Without [Negotiated#resend] that loses what was under way.
  public ConnectionFds fds() {
    return new ConnectionFds(devices.stream().map(FuseDevice::fd).toList(), ledger.fd());
  }

  /// Returns how many files the kernel holds open for passthrough. They are in no descriptor table
  /// and count against no limit.
  public int backingFiles() {
    return modes.backingFiles();
  }

  /// Tells whether the connection stands.
  public boolean isServing() {
    return readersAlive.get() > 0;
  }

  /// Ends the connection at once: every request, waiting or to come, fails with `ECONNABORTED` or
  /// `ENOTCONN`. The mount stays until [#close]. Does nothing if the connection has ended.
  ///
  /// @throws IOException if the kernel's control file system cannot be reached
  public void abort() throws IOException {
    // The number is the connection's as long as the readers have it.
    if (isServing()) {
      Connections.abort(mount.minor());
    }
  }

  /// Ends the connection, unmounts, and waits for the session's threads. Who still uses the mount
  /// gets errors. Handlers that have not returned go on, and nobody hears of it.
  ///
  /// @throws IOException if the mount or a thread is still there
  @Override
  public void close() throws IOException {
    unmount();
    if (isServing()) {
      // Mounted elsewhere still: a bind mount, another namespace, a container's overlay.
      try {
        abort();
      } catch (IOException e) {
        LOG.log(Level.DEBUG, "cannot abort " + mount, e);
      }
    }
    if (started.compareAndSet(false, true)) {
      closeDescriptors(); // no reader will
      return;
    }
    for (Thread thread : threads) {
      join(thread);
    }
  }

  private void closeDescriptors() {
    devices.forEach(FuseDevice::close);
    ledger.close();
  }

  private void unmount() throws IOException {
    while (!unmounted && isMounted()) {
      try {
        // Forcing ends the connection first, so nobody is waited for.
        Mounts.unmount(mountpoint(), Mounts.MNT_FORCE | Mounts.UMOUNT_NOFOLLOW);
      } catch (ErrnoException e) {
        if (!e.is(Errno.EBUSY)) {
          throw e;
        }
        Mounts.unmount(mountpoint(), Mounts.MNT_DETACH | Mounts.UMOUNT_NOFOLLOW);
      }
    }
  }

  private boolean isMounted() throws IOException {
    return Mounts.find(mountpoint()).filter(now -> now.id() == mount.id()).isPresent();
  }

  private void join(Thread thread) throws IOException {
    try {
      if (!thread.join(PATIENCE)) {
        throw new IOException("thread %s still serves %s".formatted(thread.getName(), mount));
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private void serve(Reader reader) {
    try {
      reader.run();
    } finally {
      if (readersAlive.decrementAndGet() == 0) {
        noteUnmount();
        watcher.stop();
        closeDescriptors();
      }
    }
  }

  private void noteUnmount() {
    try {
      unmounted = !isMounted();
    } catch (IOException e) {
      LOG.log(Level.WARNING, "cannot tell whether it is unmounted: " + mount, e);
    }
  }

  private static Mount findMount(Path mountpoint) throws IOException {
    Optional<Mount> mount = Mounts.find(mountpoint);
    return mount.orElseThrow(() -> new IOException("nothing is mounted on " + mountpoint));
  }

  /// Lets the kernel read ahead further than the 128 KiB that every file system starts with. INIT
  /// can only lower it.
  private static void setReadAhead(Mount mount, int bytes) {
    Path setting = BACKING_DEVICES.resolve(mount.major() + ":" + mount.minor() + "/read_ahead_kb");
    try {
      Files.writeString(setting, Integer.toString(bytes >> 10));
    } catch (IOException e) {
      LOG.log(Level.DEBUG, "readahead stays what it is: " + setting, e);
    }
  }

  /// How a session works. Immutable.
  ///
  /// @param readers threads that take requests from the kernel; 1 to 64
  /// @param maxRead bytes of the largest READ, a power of two from 4 KiB to 1 MiB
  /// @param readAhead bytes that the kernel reads ahead of a sequential reader
  /// @param handlers requests that are handled at a time; what comes beyond waits
  public record Options(int readers, int maxRead, int readAhead, int handlers) {
    /// Checks the ranges.
    public Options {
      if (readers < 1 || readers > 64) {
        throw new IllegalArgumentException("readers: " + readers);
      }
      if (maxRead < 4096 || maxRead > 1 << 20 || Integer.bitCount(maxRead) != 1) {
        throw new IllegalArgumentException("maxRead: " + maxRead);
      }
      if (readAhead < 0 || handlers < 1) {
        throw new IllegalArgumentException("readAhead: " + readAhead + " handlers: " + handlers);
      }
    }

    /// Returns what suits most machines.
    public static Options defaults() {
      int readers = Math.clamp(Runtime.getRuntime().availableProcessors(), 2, 4);
      return new Options(readers, 1 << 20, 1 << 20, 16_384);
    }
  }
}
