package dev.asterism.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a signal does to a process that waits for an answer which does not come.
@Tag("kernel")
@Timeout(300)
class SignalTest {
  @RegisterExtension final Mounted mounted = new Mounted();

  /// Opens a file by the bare system call, which shows EINTR, with a handler for SIGUSR1.
  private static final String OPEN_WITH_HANDLER =
      """
      import ctypes, os, signal, sys
      libc = ctypes.CDLL(None, use_errno=True)
      signal.signal(signal.SIGUSR1, lambda *_: None)
      fd = libc.open(os.fsencode(sys.argv[1]), 0)
      print("opened" if fd >= 0 else ctypes.get_errno())
      """;

  /// Hangs in the operations on the files `lookup`, `open` and `read`.
  private static final class Hanging extends MemoryFileSystem {
    final Semaphore arrived = new Semaphore(0);
    final CountDownLatch proceed = new CountDownLatch(1);
    final CountDownLatch released = new CountDownLatch(1);
    final long lookup = file("lookup", new byte[1]);
    final long open = file("open", new byte[1]);
    final long read = file("read", new byte[1]);

    Hanging() {
      file("free", new byte[] {'f'});
    }

    private void hang() throws InterruptedException {
      arrived.release();
      proceed.await();
    }

    @Override
    public Entry lookup(RequestContext request, long parent, Name name)
        throws IOException, InterruptedException {
      if (name.equals(Name.of("lookup"))) {
        hang();
      }
      return super.lookup(request, parent, name);
    }

    @Override
    public Opened open(RequestContext request, long node, int flags)
        throws IOException, InterruptedException {
      if (node == open) {
        hang();
      }
      return node == read
          ? new Opened.Direct(opens.incrementAndGet())
          : super.open(request, node, flags);
    }

    @Override
    public int read(RequestContext request, long node, long handle, long offset, ReadBuffer into)
        throws IOException, InterruptedException {
      if (node == read) {
        hang();
      }
      return super.read(request, node, handle, offset, into);
    }

    @Override
    public void release(long node, long handle) throws IOException, InterruptedException {
      super.release(node, handle);
      if (node == open) {
        released.countDown();
      }
    }
  }

  private final Hanging fs = new Hanging();
  private Path root = Path.of("");

  @BeforeEach
  void mount() throws Exception {
    root = mounted.mount(fs).mountpoint();
  }

  @ParameterizedTest
  @CsvSource({
    "lookup, KILL, 137",
    "open, KILL, 137",
    "read, KILL, 137",
    "open, TERM, 143",
    "read, INT, 130",
    "open, QUIT, 131"
  })
  void deadlySignal_toWhoWaits_endsItAtOnceAndTheMountServesOthers(
      String name, String signal, int exit) throws Exception {
    // A shell that runs the tests in its background has them, and their children, ignore SIGINT.
    Child waiting = mounted.start("env", "--default-signal", "cat", root.resolve(name));
    fs.arrived.acquire();
    assertThat(Child.text("cat", root.resolve("free"))).isEqualTo("f");
    waiting.signal(signal);
    assertThat(waiting.waitFor()).isEqualTo(exit);
    assertThat(Child.text("cat", root.resolve("free"))).isEqualTo("f");
    fs.proceed.countDown();
  }

  @Test
  void deadlySignal_toAProcessWhoseOtherThreadWaits_endsIt() throws Exception {
    Child waiting =
        mounted.start(
            Child.python(
                """
                import sys, threading, time
                threading.Thread(target=lambda: open(sys.argv[1])).start()
                time.sleep(1000)
                """,
                root.resolve("open")));
    fs.arrived.acquire();
    waiting.signal("TERM");
    assertThat(waiting.waitFor()).isEqualTo(143);
    fs.proceed.countDown();
  }

  @Test
  void handledSignal_toWhoWaits_doesNotFailItsCall() throws Exception {
    Child handling = mounted.start(Child.python(OPEN_WITH_HANDLER, root.resolve("open")));
    fs.arrived.acquire();
    handling.signal("USR1");
    killAnother();
    fs.proceed.countDown();
    assertThat(handling.waitFor()).isZero();
    assertThat(handling.output()).isEqualTo("opened");
  }

  @Test
  void kill_afterAHandledSignal_endsItAlthoughTheKernelSaysNothing() throws Exception {
    Child handling = mounted.start(Child.python(OPEN_WITH_HANDLER, root.resolve("open")));
    fs.arrived.acquire();
    handling.signal("USR1");
    killAnother();
    handling.signal("KILL");
    assertThat(handling.waitFor()).isEqualTo(137);
    fs.proceed.countDown();
  }

  /// By its end, the interrupt that came before it has been looked at.
  private void killAnother() throws Exception {
    Child other = mounted.start("cat", root.resolve("lookup"));
    fs.arrived.acquire();
    other.signal("KILL");
    assertThat(other.waitFor()).isEqualTo(137);
  }

  @Test
  void open_thatReturnsAfterItsCallerWasKilled_isReleased() throws Exception {
    Child waiting = mounted.start("cat", root.resolve("open"));
    fs.arrived.acquire();
    waiting.signal("KILL");
    assertThat(waiting.waitFor()).isEqualTo(137);
    fs.proceed.countDown();
    fs.released.await();
    assertThat(fs.opens.get()).isEqualTo(1);
  }

  @Test
  void lookup_thatReturnsAfterItsCallerWasKilled_isForgotten() throws Exception {
    Child waiting = mounted.start("cat", root.resolve("lookup"));
    fs.arrived.acquire();
    waiting.signal("KILL");
    assertThat(waiting.waitFor()).isEqualTo(137);
    fs.proceed.countDown();
    while (fs.forgets.get() == 0) {
      Thread.onSpinWait();
    }
    assertThat(fs.lookupCount(fs.lookup)).isZero();
  }

  @Test
  void timeout_ofACommandThatWaits_ends() throws Exception {
    assertThat(Child.failing("timeout", "0.2", "cat", root.resolve("open"))).isEmpty();
    fs.proceed.countDown();
  }

  @Test
  void manyWaiters_allKilled_leaveRoomForOthers() throws Exception {
    Child[] waiting = new Child[100];
    for (int i = 0; i < waiting.length; i++) {
      waiting[i] = mounted.start("cat", root.resolve("open"));
    }
    fs.arrived.acquire(waiting.length);
    for (Child child : waiting) {
      child.signal("KILL");
    }
    for (Child child : waiting) {
      assertThat(child.waitFor()).isEqualTo(137);
    }
    assertThat(Child.text("cat", root.resolve("free"))).isEqualTo("f");
    fs.proceed.countDown();
  }
}
