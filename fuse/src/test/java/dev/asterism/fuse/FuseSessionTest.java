package dev.asterism.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Tag("kernel")
@Timeout(300)
class FuseSessionTest {
  @RegisterExtension final Mounted mounted = new Mounted();

  private final MemoryFileSystem fs = new MemoryFileSystem();

  private static byte[] random(int size) {
    byte[] bytes = new byte[size];
    new Random(size).nextBytes(bytes);
    return bytes;
  }

  @Test
  void mount_onThisKernel_isNegotiatedAndReadOnly() throws Exception {
    FuseSession session = mounted.mount(fs);
    assertThat(session.negotiated().maxRead()).isEqualTo(1 << 20);
    assertThat(session.negotiated().has(InitFlags.PARALLEL_DIROPS)).isTrue();
    assertThat(session.negotiated().passthrough()).isTrue();
    assertThat(session.negotiated().resend()).isTrue();
    var mount = Mounts.find(session.mountpoint()).orElseThrow();
    assertThat(mount.type()).isEqualTo("fuse.asterism-test");
    assertThat(mount.options()).contains("ro").contains("nosuid").contains("nodev");
    assertThat(mount.superOptions()).contains("allow_other").contains("default_permissions");
    assertThat(Child.failing("touch", session.mountpoint().resolve("new")))
        .contains("Read-only file system");
  }

  @Test
  void read_sequential_givesTheBytes() throws Exception {
    for (int size : new int[] {0, 1, 4095, 4096, 4097, 1 << 20, (5 << 20) + 3}) {
      fs.file("f" + size, random(size));
    }
    Path root = mounted.mount(fs).mountpoint();
    for (int size : new int[] {0, 1, 4095, 4096, 4097, 1 << 20, (5 << 20) + 3}) {
      assertThat(Child.bytes("cat", root.resolve("f" + size))).isEqualTo(random(size));
    }
  }

  @Test
  void read_withLargeReadAhead_asksForAMebibyteAtATime() throws Exception {
    fs.file("large", random(32 << 20));
    Path root = mounted.mount(fs).mountpoint();
    Child.bytes("dd", "if=" + root.resolve("large"), "of=/dev/null", "bs=1M");
    assertThat(fs.reads.get()).isLessThan(64);
  }

  @Test
  void read_atRandom_givesTheBytes() throws Exception {
    byte[] content = random(3 << 20);
    fs.file("f", content);
    Path root = mounted.mount(fs).mountpoint();
    Random random = new Random(1);
    for (int i = 0; i < 10; i++) {
      int offset = random.nextInt(content.length);
      int count = random.nextInt(300_000);
      byte[] slice = Arrays.copyOfRange(content, offset, Math.min(content.length, offset + count));
      assertThat(
              Child.bytes(
                  Child.python(
                      "import os,sys;f=os.open(sys.argv[1],0);"
                          + "sys.stdout.buffer.write(os.pread(f,int(sys.argv[3]),int(sys.argv[2])))",
                      root.resolve("f"),
                      offset,
                      count)))
          .isEqualTo(slice);
    }
  }

  @Test
  void read_mapped_givesTheBytes() throws Exception {
    byte[] content = random((1 << 20) + 17);
    fs.file("f", content);
    Path root = mounted.mount(fs).mountpoint();
    assertThat(
            Child.bytes(
                Child.python(
                    """
                    import mmap, sys
                    with open(sys.argv[1], "rb") as f:
                        m = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)
                        back = [m[i:i + 5000] for i in range(len(m) // 5000 * 5000, -1, -5000)]
                        sys.stdout.buffer.write(b"".join(reversed(back)))
                    """,
                    root.resolve("f"))))
        .isEqualTo(content);
  }

  @Test
  void read_direct_comesPastThePageCache() throws Exception {
    byte[] content = random(100_000);
    MemoryFileSystem direct =
        new MemoryFileSystem() {
          @Override
          public Opened open(RequestContext request, long node, int flags) {
            return new Opened.Direct(7);
          }
        };
    direct.file("f", content);
    Path root = mounted.mount(direct).mountpoint();
    assertThat(Child.bytes("cat", root.resolve("f"))).isEqualTo(content);
    int reads = direct.reads.get();
    assertThat(Child.bytes("cat", root.resolve("f"))).isEqualTo(content);
    assertThat(direct.reads.get()).isGreaterThan(reads);
  }

  @Test
  void read_twice_asksOnce() throws Exception {
    fs.file("f", random(100_000));
    Path root = mounted.mount(fs).mountpoint();
    Child.bytes("cat", root.resolve("f"));
    int reads = fs.reads.get();
    Child.bytes("cat", root.resolve("f"));
    assertThat(fs.reads.get()).isEqualTo(reads);
    assertThat(fs.opens.get()).isEqualTo(2);
  }

  @Test
  void read_byTwoHundredProcessesAtOnce_givesEachTheBytes() throws Exception {
    byte[] content = random(300_000);
    fs.file("f", content);
    Path root = mounted.mount(fs).mountpoint();
    String sums =
        Child.text(
            "sh",
            "-c",
            "for i in $(seq 200); do sha256sum < " + root.resolve("f") + " & done; wait");
    assertThat(sums.lines()).hasSize(200);
    assertThat(sums.lines().distinct()).hasSize(1);
  }

  @Test
  void stat_showsEveryAttribute() throws Exception {
    MemoryFileSystem devices =
        new MemoryFileSystem() {
          @Override
          public Entry lookup(RequestContext request, long parent, Name name) {
            Attributes attributes =
                new Attributes(
                    77,
                    0,
                    8,
                    MTIME.minusSeconds(1),
                    MTIME,
                    MTIME.plusSeconds(1),
                    Attributes.S_IFCHR | 04751,
                    3,
                    1001,
                    1002,
                    Attributes.device(259, 70_000),
                    512);
            return Entry.of(77, attributes, timeout);
          }
        };
    Path root = mounted.mount(devices).mountpoint();
    assertThat(Child.text("stat", "-c", "%i %b %f %h %u %g %t:%T %o %.9Y %X %Z", root.resolve("x")))
        .isEqualTo(
            "77 8 29e9 3 1001 1002 103:11170 512 1600000000.123456789 1599999999 1600000001");
  }

  @Test
  void readlink_givesTheTarget() throws Exception {
    fs.symlink("link", "some/where".getBytes(UTF_8));
    Path root = mounted.mount(fs).mountpoint();
    assertThat(Child.text("readlink", root.resolve("link"))).isEqualTo("some/where");
  }

  @Test
  void lookup_missingName_isEnoent() throws Exception {
    Path root = mounted.mount(fs).mountpoint();
    assertThat(Child.failing("stat", root.resolve("none"))).contains("No such file or directory");
  }

  @Test
  void lookup_absentWithTimeout_isAskedOnce() throws Exception {
    List<Name> asked = new ArrayList<>();
    MemoryFileSystem remembering =
        new MemoryFileSystem() {
          @Override
          public Entry lookup(RequestContext request, long parent, Name name) {
            asked.add(name);
            return Entry.absent(timeout);
          }
        };
    Path root = mounted.mount(remembering).mountpoint();
    Child.failing("stat", root.resolve("none"));
    Child.failing("stat", root.resolve("none"));
    assertThat(asked).containsExactly(Name.of("none"));
  }

  @Test
  void lookup_twoNamesOfOneDirectory_runSideBySide() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    MemoryFileSystem meeting =
        new MemoryFileSystem() {
          @Override
          public Entry lookup(RequestContext request, long parent, Name name)
              throws IOException, InterruptedException {
            both.countDown();
            assertThat(both.await(120, TimeUnit.SECONDS)).isTrue();
            return super.lookup(request, parent, name);
          }
        };
    meeting.file("a", new byte[0]);
    meeting.file("b", new byte[0]);
    Path root = mounted.mount(meeting).mountpoint();
    Child first = mounted.start("stat", root.resolve("a"));
    Child second = mounted.start("stat", root.resolve("b"));
    assertThat(first.waitFor()).isZero();
    assertThat(second.waitFor()).isZero();
  }

  @Test
  void readdir_twentyThousandNames_listsEachOnce() throws Exception {
    long directory = fs.directory(FileSystem.ROOT, "many");
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      names.add("name-" + i);
      fs.file(directory, Name.of("name-" + i), new byte[0]);
    }
    Path root = mounted.mount(fs).mountpoint();
    assertThat(Child.text("find", root.resolve("many"), "-type", "f", "-printf", "%f\\n").lines())
        .containsExactlyInAnyOrderElementsOf(names);
    assertThat(Child.text("sh", "-c", "ls -lU " + root.resolve("many") + " | wc -l"))
        .isEqualTo("20001");
  }

  @Test
  void readdir_namesThatAreNotUtf8_areReadBack() throws Exception {
    byte[] raw = {'a', (byte) 0xff, (byte) 0xfe, 'z'};
    byte[] longest = "ü".repeat(127).getBytes(UTF_8);
    fs.file(FileSystem.ROOT, Name.of(raw), new byte[] {'1'});
    fs.file(FileSystem.ROOT, Name.of(longest), new byte[] {'2'});
    Path root = mounted.mount(fs).mountpoint();
    assertThat(
            Child.text(
                Child.python(
                    """
                    import os, sys
                    d = os.fsencode(sys.argv[1])
                    for n in sorted(os.listdir(d)):
                        print(n.hex(), open(d + b"/" + n).read())
                    """,
                    root)))
        .isEqualTo("61fffe7a 1\n" + "c3bc".repeat(127) + " 2");
  }

  @Test
  void getxattr_ofEverySize_followsTheProtocol() throws Exception {
    long file = fs.file("f", new byte[0]);
    byte[] large = random(60_000);
    fs.xattr(file, "user.large", large);
    fs.xattr(file, "user.empty", new byte[0]);
    fs.xattr(file, "trusted.overlay.opaque", new byte[] {'y'});
    Path root = mounted.mount(fs).mountpoint();
    assertThat(
            Child.text(
                Child.python(
                    """
                    import ctypes, errno, hashlib, os, sys
                    f = sys.argv[1]
                    print(sorted(os.listxattr(f)))
                    print(hashlib.sha256(os.getxattr(f, "user.large")).hexdigest())
                    print(os.getxattr(f, "user.empty"), os.getxattr(f, "trusted.overlay.opaque"))
                    libc = ctypes.CDLL(None, use_errno=True)
                    def call(name, size, function=libc.getxattr):
                        buffer = ctypes.create_string_buffer(100000)
                        n = function(os.fsencode(f), name, buffer, size)
                        return n if n >= 0 else errno.errorcode[ctypes.get_errno()]
                    print(call(b"user.large", 0), call(b"user.large", 59999),
                          call(b"user.large", 60000), call(b"user.none", 10))
                    libc.listxattr.restype = ctypes.c_ssize_t
                    print(libc.listxattr(os.fsencode(f), None, 0),
                          libc.listxattr(os.fsencode(f), ctypes.create_string_buffer(9), 9),
                          errno.errorcode[ctypes.get_errno()])
                    """,
                    root.resolve("f"))))
        .isEqualTo(
            """
            ['trusted.overlay.opaque', 'user.empty', 'user.large']
            %s
            b'' b'y'
            60000 ERANGE 60000 ENODATA
            45 -1 ERANGE\
            """
                .formatted(sha256(large)));
  }

  private static String sha256(byte[] bytes) throws Exception {
    return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
  }

  @Test
  void handler_thatThrows_isEioForItsCallerAndTheMountLives() throws Exception {
    MemoryFileSystem failing =
        new MemoryFileSystem() {
          @Override
          public Entry lookup(RequestContext request, long parent, Name name)
              throws IOException, InterruptedException {
            return switch (name.toString()) {
              case "runtime" -> throw new IllegalStateException("on purpose");
              case "io" -> throw new IOException("on purpose");
              case "overflow" -> deeper(request, parent, name);
              default -> super.lookup(request, parent, name);
            };
          }

          private Entry deeper(RequestContext request, long parent, Name name)
              throws IOException, InterruptedException {
            return name.size() == 0
                ? super.lookup(request, parent, name)
                : deeper(new RequestContext(request.uid() + 1, 0, 0), parent, name);
          }

          @Override
          public int read(
              RequestContext request, long node, long handle, long offset, ReadBuffer into) {
            return into.size() + 1;
          }
        };
    failing.file("f", new byte[100]);
    Path root = mounted.mount(failing).mountpoint();
    for (String name : List.of("runtime", "io", "overflow")) {
      assertThat(Child.failing("stat", root.resolve(name))).contains("Input/output error");
    }
    assertThat(Child.failing("cat", root.resolve("f"))).contains("Input/output error");
    assertThat(Child.text("stat", "-c", "%s", root.resolve("f"))).isEqualTo("100");
  }

  @Test
  void forget_afterCachesAreDropped_takesEveryLookupBack() throws Exception {
    fs.timeout = Duration.ZERO;
    long directory = fs.directory(FileSystem.ROOT, "d");
    long file = fs.file(directory, Name.of("f"), new byte[10]);
    FuseSession session = mounted.mount(fs);
    Path root = session.mountpoint();
    for (int i = 0; i < 3; i++) {
      Child.text("find", root, "-ls");
      Child.text("cat", root.resolve("d/f"));
    }
    assertThat(fs.lookupCount(file)).isGreaterThan(1);
    Child.text("sh", "-c", "echo 2 > /proc/sys/vm/drop_caches");
    while (fs.lookupCount(file) != 0 || fs.lookupCount(directory) != 0) {
      Child.text("sh", "-c", "echo 2 > /proc/sys/vm/drop_caches");
    }
    assertThat(Child.bytes("cat", root.resolve("d/f"))).hasSize(10);
  }

  @Test
  void mount_onAFile_saysSo() throws Exception {
    Path file = Files.createFile(mounted.directory().resolve("file"));
    assertThatThrownBy(
            () -> FuseSession.mount(file, "asterism-test", fs, FuseSession.Options.defaults()))
        .isInstanceOf(NotDirectoryException.class)
        .hasMessageContaining(file.toString());
    Files.delete(file);
  }

  @Test
  void close_whileAFileIsOpen_leavesNoMountAndEndsItsReaders() throws Exception {
    fs.file("f", random(1 << 20));
    FuseSession session = mounted.mount(fs);
    Path root = session.mountpoint();
    Child holder =
        mounted.start(
            Child.python(
                """
                import os, sys
                f = os.open(sys.argv[1], 0)
                print("open", flush=True)
                sys.stdin.read()
                try:
                    os.read(f, 10)
                except OSError as e:
                    print(e.errno in (103, 107))
                """,
                root.resolve("f")));
    while (holder.output().isEmpty()) {
      Thread.onSpinWait();
    }
    session.close();
    assertThat(session.isServing()).isFalse();
    assertThat(Mounts.find(root)).isEmpty();
    holder.proceed();
    assertThat(holder.waitFor()).isZero();
    assertThat(holder.output()).isEqualTo("open\nTrue");
  }

  @Test
  void close_afterSomebodyElseUnmounted_doesNothing() throws Exception {
    FuseSession session = mounted.mount(fs);
    Child.text("umount", session.mountpoint());
    while (session.isServing()) {
      Thread.onSpinWait();
    }
    Child.text("mount", "-t", "tmpfs", "tmpfs", session.mountpoint());
    session.close();
    assertThat(Mounts.find(session.mountpoint()).orElseThrow().type()).isEqualTo("tmpfs");
    Child.text("umount", session.mountpoint());
  }

  @Test
  void abort_failsWhoWaitsAndWhoComes() throws Exception {
    CountDownLatch arrived = new CountDownLatch(1);
    CountDownLatch never = new CountDownLatch(1);
    MemoryFileSystem hanging =
        new MemoryFileSystem() {
          @Override
          public Entry lookup(RequestContext request, long parent, Name name)
              throws InterruptedException {
            arrived.countDown();
            never.await();
            return Answers.NOTHING;
          }
        };
    FuseSession session = mounted.mount(hanging);
    Child waiting = mounted.start("stat", session.mountpoint().resolve("x"));
    arrived.await();
    session.abort();
    assertThat(waiting.waitFor()).isNotZero();
    assertThat(Child.failing("ls", session.mountpoint())).contains("not connected");
    never.countDown();
  }
}
