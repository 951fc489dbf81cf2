package dev.asterism.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.asterism.fuse.wire.InHeader;
import dev.asterism.linux.FuseDevice;
import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/// A session that goes on where another process died. The test plays the dead one: it reads
/// requests and never answers.
@Tag("kernel")
@Timeout(300)
class ResumeTest {
  @RegisterExtension final Mounted mounted = new Mounted();

  @Test
  void resume_withRequestsUnanswered_answersThem() throws Exception {
    Path directory = mounted.directory();
    FuseDevice first = FuseDevice.open();
    Mounts.mount(
        "asterism-test",
        directory,
        "fuse.asterism-test",
        Mounts.MS_RDONLY,
        "fd=" + first.fd().number() + ",rootmode=40000,user_id=0,group_id=0");
    Negotiated negotiated = Handshake.negotiate(first, 1 << 20, 1 << 20);
    FuseDevice second = first.another();
    Child one = mounted.start("cat", directory.resolve("a"));
    readAndForget(first);
    Child two = mounted.start("cat", directory.resolve("b"));
    readAndForget(second);
    assumeTrue(negotiated.resend(), "needs FUSE_HAS_RESEND, Linux 6.9");
    Handshake.resend(first);
    readAndForget(first); // one of them, and nobody has read the other
    SlowLookups fs = new SlowLookups();
    fs.file("a", new byte[] {'1'});
    fs.file("b", new byte[] {'2'});
    NodeLedger ledger = NodeLedger.create("test");
    ConnectionHeader.of(negotiated, Mounts.find(directory).orElseThrow()).write(ledger.header());
    mounted
        .own(
            FuseSession.resume(
                directory,
                new ConnectionFds(List.of(first.fd(), second.fd()), ledger.fd()),
                fs,
                FuseSession.Options.defaults()))
        .serve();
    assertThat(one.waitFor()).isZero();
    assertThat(one.output()).isEqualTo("1");
    assertThat(two.waitFor()).isZero();
    assertThat(two.output()).isEqualTo("2");
    assertThat(fs.lookups).as("each is asked once").hasValue(2);
  }

  /// Takes longer for a lookup than a session takes to begin.
  private static final class SlowLookups extends MemoryFileSystem {
    final AtomicInteger lookups = new AtomicInteger();

    @Override
    public Entry lookup(RequestContext request, long parent, Name name)
        throws IOException, InterruptedException {
      lookups.incrementAndGet();
      Thread.sleep(200);
      return super.lookup(request, parent, name);
    }
  }

  private static void readAndForget(FuseDevice device) throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(Reader.BUFFER_SIZE);
      device.read(message);
      assertThat(InHeader.decode(message).nodeid()).isEqualTo(FileSystem.ROOT);
    }
  }
}
