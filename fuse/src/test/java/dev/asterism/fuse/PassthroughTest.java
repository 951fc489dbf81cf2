package dev.asterism.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.asterism.linux.Fd;
import dev.asterism.linux.FuseDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/// Files that the kernel reads by itself, and the rule of one mode per inode.
@Tag("kernel")
@Timeout(300)
class PassthroughTest {
  @RegisterExtension final Mounted mounted = new Mounted();
  @TempDir Path dir;

  /// Holds a file open until its standard input ends, then reads it to the end.
  private static final String HOLD =
      """
      import hashlib, sys
      with open(sys.argv[1], "rb") as f:
          print("open", flush=True)
          sys.stdin.read()
          sys.stdout.write(str(len(f.read())))
      """;

  private static final int SIZE = 300_000;

  /// One file `f`, opened in the way that is set.
  private static final class Switching extends MemoryFileSystem {
    final Fd backing;
    final Semaphore released = new Semaphore(0);
    final Semaphore lookups = new Semaphore(1_000_000); // that may be answered
    volatile boolean passthrough = true;

    Switching(byte[] content, Fd backing) {
      file("f", content);
      this.backing = backing;
    }

    @Override
    public Entry lookup(RequestContext request, long parent, Name name)
        throws IOException, InterruptedException {
      lookups.acquire();
      return super.lookup(request, parent, name);
    }

    @Override
    public Opened open(RequestContext request, long node, int flags) {
      int handle = opens.incrementAndGet();
      return passthrough ? new Opened.Passthrough(handle, backing) : new Opened.Cached(handle);
    }

    @Override
    public void release(long node, long handle) throws IOException, InterruptedException {
      super.release(node, handle);
      released.release();
    }
  }

  private final List<Fd> backings = new ArrayList<>();

  @AfterEach
  void closeBackings() {
    backings.forEach(Fd::close);
  }

  private Switching fileSystem() throws Exception {
    byte[] content = new byte[SIZE];
    new Random(1).nextBytes(content);
    Path file = Files.write(dir.resolve("backing"), content);
    return new Switching(content, open(file));
  }

  private Fd open(Path file) throws IOException {
    Fd fd = Fd.openReadOnly(file);
    backings.add(fd);
    return fd;
  }

  private FuseSession mount(Switching fs) throws IOException {
    return mount(fs, FuseSession.Options.defaults());
  }

  private FuseSession mount(Switching fs, FuseSession.Options options) throws IOException {
    FuseSession session = mounted.mount(fs, options);
    assumeTrue(
        session.negotiated().passthrough() || "required".equals(System.getProperty("kernel.tests")),
        "needs FUSE passthrough, Linux 6.9");
    return session;
  }

  private Child hold(FuseSession session) throws IOException {
    Child holder = mounted.start(Child.python(HOLD, session.mountpoint().resolve("f")));
    while (holder.output().isEmpty()) {
      Thread.onSpinWait();
    }
    return holder;
  }

  @Test
  void read_passedThrough_neverAsksAndLetsTheFileGo() throws Exception {
    Switching fs = fileSystem();
    FuseSession session = mount(fs);
    Path file = session.mountpoint().resolve("f");
    assertThat(Child.bytes("cat", file)).isEqualTo(Files.readAllBytes(dir.resolve("backing")));
    assertThat(Child.text("sh", "-c", "cmp " + file + " " + dir.resolve("backing"))).isEmpty();
    fs.released.acquire(2);
    assertThat(fs.reads.get()).isZero();
    assertThat(session.backingFiles()).isZero();
  }

  @Test
  void open_ofTwoProcesses_sharesOneBackingFile() throws Exception {
    Switching fs = fileSystem();
    FuseSession session = mount(fs);
    Child first = hold(session);
    Child second = hold(session);
    assertThat(session.backingFiles()).isEqualTo(1);
    first.proceed();
    fs.released.acquire();
    assertThat(session.backingFiles()).isEqualTo(1);
    second.proceed();
    fs.released.acquire();
    assertThat(session.backingFiles()).isZero();
    assertThat(first.waitFor() + second.waitFor()).isZero();
  }

  @Test
  void open_passthroughWhileCachedIsOpen_staysCachedUntilThatIsReleased() throws Exception {
    Switching fs = fileSystem();
    FuseSession session = mount(fs);
    Path file = session.mountpoint().resolve("f");
    fs.passthrough = false;
    Child cached = hold(session);
    fs.passthrough = true;
    assertThat(Child.bytes("cat", file)).hasSize(SIZE);
    assertThat(session.backingFiles()).isZero();
    assertThat(fs.reads.get()).isPositive();
    cached.proceed();
    assertThat(cached.waitFor()).isZero();
    fs.released.acquire(2);
    Child through = hold(session);
    assertThat(session.backingFiles()).isEqualTo(1);
    through.proceed();
    assertThat(through.waitFor()).isZero();
  }

  @Test
  void open_cachedWhilePassthroughIsOpen_goesThrough() throws Exception {
    Switching fs = fileSystem();
    FuseSession session = mount(fs);
    Path file = session.mountpoint().resolve("f");
    Child through = hold(session);
    fs.passthrough = false;
    assertThat(Child.bytes("cat", file)).hasSize(SIZE);
    assertThat(fs.reads.get()).isZero();
    through.proceed();
    assertThat(through.waitFor()).isZero();
    assertThat(through.output()).isEqualTo("open\n" + SIZE);
    fs.released.acquire(2);
    assertThat(Child.bytes("cat", file)).hasSize(SIZE);
    assertThat(fs.reads.get()).isPositive();
  }

  /// As it comes to pass where one process leaves and the next asks again for what is unanswered.
  @Test
  void release_thatTheKernelSendsAgainMeanwhile_isCountedOnce() throws Exception {
    Switching fs = fileSystem();
    FuseSession session = mount(fs, new FuseSession.Options(1, 1 << 20, 1 << 20, 1));
    Path file = session.mountpoint().resolve("f");
    fs.passthrough = false;
    Child one = hold(session);
    Child other = hold(session);
    assertThat(Child.bytes("cat", file)).hasSize(SIZE); // in the page cache from here on
    fs.released.acquire();
    fs.lookups.drainPermits(); // the only handler waits, and what comes waits behind it
    Child blocked = mounted.start("stat", session.mountpoint().resolve("none"));
    while (!fs.lookups.hasQueuedThreads()) {
      Thread.onSpinWait();
    }
    one.proceed();
    assertThat(one.waitFor()).isZero();
    for (int i = 0; i < 40; i++) { // until its RELEASE is surely among what was read
      Handshake.resend(new FuseDevice(session.fds().devices().getFirst()));
      Thread.sleep(5);
    }
    fs.lookups.release(1_000_000);
    assertThat(blocked.waitFor()).isNotZero();
    Child.failing("stat", session.mountpoint().resolve("nothing")); // comes after all of them
    assertThat(fs.released.availablePermits()).isGreaterThan(1);
    fs.passthrough = true;
    assertThat(Child.bytes("cat", file)).hasSize(SIZE);
    assertThat(session.backingFiles()).as("the other still reads through the cache").isZero();
    other.proceed();
    assertThat(other.waitFor()).isZero();
  }

  @Test
  void open_backingThatTheKernelRefuses_isReadByRequest() throws Exception {
    byte[] content = new byte[SIZE];
    Switching fs = new Switching(content, open(dir));
    FuseSession session = mount(fs);
    assertThat(Child.bytes("cat", session.mountpoint().resolve("f"))).isEqualTo(content);
    assertThat(fs.reads.get()).isPositive();
    assertThat(session.backingFiles()).isZero();
  }

  @Test
  void open_inBothModesAtOnceByMany_neverFails() throws Exception {
    Switching fs = fileSystem();
    FuseSession session = mount(fs);
    Path file = session.mountpoint().resolve("f");
    Child readers =
        mounted.start(
            "sh",
            "-c",
            "for w in 1 2 3 4; do (for i in $(seq 150); do cat "
                + file
                + " > /dev/null || echo failed; done) & done; wait");
    while (fs.opens.get() < 500) {
      fs.passthrough = !fs.passthrough;
    }
    assertThat(readers.waitFor()).isZero();
    assertThat(readers.output()).isEmpty();
  }
}
