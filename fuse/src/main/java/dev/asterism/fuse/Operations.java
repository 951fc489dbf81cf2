package dev.asterism.fuse;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import dev.asterism.fuse.wire.AttrOut;
import dev.asterism.fuse.wire.EntryOut;
import dev.asterism.fuse.wire.ForgetOne;
import dev.asterism.fuse.wire.OpenOut;
import dev.asterism.fuse.wire.StatfsOut;
import dev.asterism.linux.Errno;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;

/// Carries requests out: asks the file system, and answers the kernel with what it said or with the
/// errno of what it threw.
///
/// An answer that nobody takes, because the caller was killed meanwhile, leaves no trace: the node
/// that a lookup found is forgotten, the file that was opened is released. Thread-safe.
final class Operations {
  private static final Logger LOG = System.getLogger(Operations.class.getName());

  private final FileSystem fs;
  private final OpenModes modes;
  private final Buffers buffers;
  private final DirectoryAnswer directories;
  private final boolean opendirSwitchable;

  /// @param opendirSwitchable whether the kernel can be told to do without OPENDIR
  Operations(FileSystem fs, OpenModes modes, Buffers buffers, boolean opendirSwitchable) {
    this.fs = fs;
    this.modes = modes;
    this.buffers = buffers;
    this.directories = new DirectoryAnswer(fs);
    this.opendirSwitchable = opendirSwitchable;
  }

  /// Carries out one request and answers it. Throws nothing: what the file system throws is the
  /// caller's error, and at most logged.
  void handle(Pending request) {
    if (request.answered()) {
      return;
    }
    try {
      dispatch(request);
    } catch (Throwable failure) { // whatever it is, the caller waits for an answer
      Errno errno = errnoOf(failure, request);
      if (!(request.request() instanceof Request.Forget)) {
        request.fail(errno);
      }
    }
  }

  private void dispatch(Pending request) throws IOException, InterruptedException {
    long node = request.header().nodeid();
    switch (request.request()) {
      case Request.Read read -> read(request, node, read);
      case Request.Lookup(Name name) -> lookup(request, node, name);
      case Request.Getattr _ -> {
        AttrOut out = Answers.attrOut(fs.getattr(request.context(), node));
        request.succeed(AttrOut.SIZE, out::encode);
      }
      case Request.Open(int flags) -> open(request, node, flags);
      case Request.Release(long handle) -> {
        // Answered first: who is killed in between leaves a handle too many, not one too few. What
        // the kernel does not take it has sent again, and it is counted there.
        if (request.succeed()) {
          modes.release(node);
        }
        fs.release(node, handle);
      }
      case Request.Readlink _ -> bytes(request, fs.readlink(request.context(), node));
      case Request.Opendir _ -> opendir(request);
      case Request.Readdir(long offset, int size) -> directories.readdir(request, offset, size);
      case Request.Readdirplus(long offset, int size) ->
          directories.readdirplus(request, offset, size);
      case Request.Getxattr(Name name, int size) ->
          xattr(request, fs.getxattr(request.context(), node, name), size);
      case Request.Listxattr(int size) ->
          xattr(request, joined(fs.listxattr(request.context(), node)), size);
      case Request.Statfs _ -> {
        StatfsOut out = Answers.statfsOut(fs.statfs(request.context()));
        request.succeed(StatfsOut.SIZE, out::encode);
      }
      case Request.Forget(List<ForgetOne> nodes) ->
          nodes.forEach(forget -> fs.forget(forget.nodeid(), forget.nlookup()));
      case Request.Refused(Errno errno) -> request.fail(errno);
      case Request.Releasedir _, Request.Destroy _ -> request.succeed();
      case Request.Interrupt _ -> throw new IllegalStateException("an interrupt has no handler");
    }
  }

  private void read(Pending request, long node, Request.Read read)
      throws IOException, InterruptedException {
    try (Buffers.Lease into = buffers.lease(read.size())) {
      int count = fs.read(request.context(), node, read.handle(), read.offset(), into);
      Objects.checkIndex(count, read.size() + 1);
      request.send(into.message(count));
    }
  }

  private void lookup(Pending request, long parent, Name name)
      throws IOException, InterruptedException {
    Entry entry = fs.lookup(request.context(), parent, name);
    EntryOut out = Answers.entryOut(entry);
    if (!request.succeed(EntryOut.SIZE, out::encode) && entry.node() != 0) {
      fs.forget(entry.node(), 1);
    }
  }

  private void open(Pending request, long node, int flags)
      throws IOException, InterruptedException {
    Opened opened = fs.open(request.context(), node, flags);
    OpenOut out = modes.open(node, opened);
    if (!request.succeed(OpenOut.SIZE, out::encode)) {
      modes.release(node);
      fs.release(node, opened.handle());
    }
  }

  private void opendir(Pending request) {
    if (opendirSwitchable) {
      request.fail(Errno.ENOSYS);
    } else {
      OpenOut out = new OpenOut(0, OpenOut.KEEP_CACHE | OpenOut.CACHE_DIR, 0);
      request.succeed(OpenOut.SIZE, out::encode);
    }
  }

  private static void xattr(Pending request, byte[] value, int size) {
    if (size == 0) {
      // struct fuse_getxattr_out, 8 bytes
      request.succeed(8, out -> out.set(JAVA_INT_UNALIGNED, 0, value.length));
    } else if (value.length > size) {
      request.fail(Errno.ERANGE);
    } else {
      bytes(request, value);
    }
  }

  private static void bytes(Pending request, byte[] bytes) {
    request.succeed(
        bytes.length, out -> MemorySegment.copy(bytes, 0, out, JAVA_BYTE, 0, bytes.length));
  }

  private static byte[] joined(List<Name> names) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (Name name : names) {
      bytes.writeBytes(name.bytes());
      bytes.write(0);
    }
    return bytes.toByteArray();
  }

  /// The errno for a failed operation. The only place where a failure becomes an errno.
  private static Errno errnoOf(Throwable failure, Pending request) {
    return switch (failure) {
      case FuseException e -> e.errno();
      case ExecutionException e when e.getCause() != null -> errnoOf(e.getCause(), request);
      case InterruptedException _ -> Errno.EINTR;
      case IOException e -> {
        LOG.log(Level.WARNING, described(request), e);
        yield Errno.EIO;
      }
      default -> {
        LOG.log(Level.ERROR, described(request), failure);
        yield Errno.EIO;
      }
    };
  }

  private static String described(Pending request) {
    return "node=%x request=%s".formatted(request.header().nodeid(), request.request());
  }
}
