package dev.asterism.fuse;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import dev.asterism.fuse.wire.ForgetOne;
import dev.asterism.fuse.wire.InHeader;
import dev.asterism.fuse.wire.Opcode;
import dev.asterism.fuse.wire.ReadIn;
import dev.asterism.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// What one message of the kernel asks for, apart from its header. Immutable: nothing in it points
/// into the message.
sealed interface Request {
  record Lookup(Name name) implements Request {}

  record Getattr() implements Request {}

  record Readlink() implements Request {}

  record Open(int flags) implements Request {}

  record Read(long handle, long offset, int size) implements Request {}

  record Release(long handle) implements Request {}

  record Opendir() implements Request {}

  /// Part of a listing.
  ///
  /// @param offset 0, or where the last row said that the listing goes on
  /// @param size bytes for the answer
  record Readdir(long offset, int size) implements Request {}

  /// As [Readdir], with what each name stands for.
  record Readdirplus(long offset, int size) implements Request {}

  record Releasedir() implements Request {}

  record Statfs() implements Request {}

  /// One extended attribute.
  ///
  /// @param size bytes for the value; 0 asks for its size
  record Getxattr(Name name, int size) implements Request {}

  /// The names of the extended attributes.
  ///
  /// @param size bytes for the names; 0 asks for their size
  record Listxattr(int size) implements Request {}

  /// Not answered.
  record Forget(List<ForgetOne> nodes) implements Request {}

  /// A signal for the caller of another request. Not answered.
  ///
  /// @param unique of the request that waits
  record Interrupt(long unique) implements Request {}

  record Destroy() implements Request {}

  /// What no read-only file system does.
  record Refused(Errno errno) implements Request {}

  /// Decodes the body of a message.
  ///
  /// @throws IndexOutOfBoundsException if it is too short for its opcode
  static Request decode(InHeader header, MemorySegment body) {
    return switch (header.opcode()) {
      case Opcode.LOOKUP -> new Lookup(name(body));
      case Opcode.GETATTR -> new Getattr();
      case Opcode.READLINK -> new Readlink();
      case Opcode.OPEN -> new Open(body.get(JAVA_INT_UNALIGNED, 0));
      case Opcode.READ -> {
        ReadIn in = ReadIn.decode(body);
        yield new Read(in.fh(), in.offset(), in.size());
      }
      case Opcode.RELEASE -> new Release(body.get(JAVA_LONG_UNALIGNED, 0));
      case Opcode.OPENDIR -> new Opendir();
      case Opcode.READDIR -> {
        ReadIn in = ReadIn.decode(body);
        yield new Readdir(in.offset(), in.size());
      }
      case Opcode.READDIRPLUS -> {
        ReadIn in = ReadIn.decode(body);
        yield new Readdirplus(in.offset(), in.size());
      }
      case Opcode.RELEASEDIR -> new Releasedir();
      case Opcode.STATFS -> new Statfs();
      case Opcode.GETXATTR -> new Getxattr(name(body.asSlice(8)), body.get(JAVA_INT_UNALIGNED, 0));
      case Opcode.LISTXATTR -> new Listxattr(body.get(JAVA_INT_UNALIGNED, 0));
      case Opcode.FORGET ->
          new Forget(List.of(new ForgetOne(header.nodeid(), body.get(JAVA_LONG_UNALIGNED, 0))));
      case Opcode.BATCH_FORGET -> new Forget(ForgetOne.decodeBatch(body));
      case Opcode.INTERRUPT -> new Interrupt(body.get(JAVA_LONG_UNALIGNED, 0));
      case Opcode.DESTROY -> new Destroy();
      case Opcode.SETATTR,
          Opcode.SYMLINK,
          Opcode.MKNOD,
          Opcode.MKDIR,
          Opcode.UNLINK,
          Opcode.RMDIR,
          Opcode.RENAME,
          Opcode.RENAME2,
          Opcode.LINK,
          Opcode.WRITE,
          Opcode.SETXATTR,
          Opcode.REMOVEXATTR,
          Opcode.CREATE,
          Opcode.FALLOCATE,
          Opcode.TMPFILE ->
          new Refused(Errno.EROFS);
      default -> new Refused(Errno.ENOSYS);
    };
  }

  /// Returns the NUL-terminated name at the start of `body`.
  private static Name name(MemorySegment body) {
    long size = 0;
    while (body.get(JAVA_BYTE, size) != 0) {
      size++;
    }
    return Name.of(body.asSlice(0, size).toArray(JAVA_BYTE));
  }
}
