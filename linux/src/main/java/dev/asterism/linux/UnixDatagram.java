package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// One message to a unix datagram socket, with descriptors beside it (`unix(7)`, SCM_RIGHTS): what
/// a service manager listens to. Thread-safe.
public final class UnixDatagram {
  // int socket(int domain, int type, int protocol);
  private static final MethodHandle SOCKET =
      Native.downcall("socket", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT, JAVA_INT));
  // ssize_t sendmsg(int sockfd, const struct msghdr *msg, int flags);
  private static final MethodHandle SENDMSG =
      Native.downcall("sendmsg", FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));

  private static final int AF_UNIX = 1;
  private static final int SOCK_DGRAM = 2;
  private static final int SOCK_CLOEXEC = 0x80000;
  private static final int SOL_SOCKET = 1;
  private static final int SCM_RIGHTS = 1;
  private static final int MSG_NOSIGNAL = 0x4000;

  private static final int PATH_MAX = 108; // struct sockaddr_un
  private static final int CONTROL_HEADER = 16; // struct cmsghdr on 64 bits

  private UnixDatagram() {}

  /// Sends a text.
  ///
  /// @param address an absolute path, or `@` and an abstract name; at most 107 bytes
  /// @param descriptors to go with it, at most 253; the receiver gets its own
  /// @throws ErrnoException if nobody listens there, or it cannot be sent
  public static void send(String address, String text, List<Fd> descriptors)
      throws ErrnoException {
    byte[] name = address.getBytes(StandardCharsets.UTF_8);
    if (name.length == 0 || name.length >= PATH_MAX || descriptors.size() > 253) {
      throw new ErrnoException("sendmsg(" + address + ")", Errno.EINVAL.number());
    }
    for (Fd descriptor : descriptors) {
      descriptor.use("sendmsg");
    }
    try (Fd socket = socket();
        Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      MemorySegment message = message(arena, name, text, descriptors);
      long sent = (long) SENDMSG.invokeExact(state, socket.number(), message, MSG_NOSIGNAL);
      if (sent < 0) {
        throw new ErrnoException("sendmsg(" + address + ")", Native.errno(state));
      }
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    } finally {
      descriptors.forEach(Fd::unuse);
    }
  }

  private static Fd socket() throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int fd = (int) SOCKET.invokeExact(state, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (fd < 0) {
        throw new ErrnoException("socket(AF_UNIX)", Native.errno(state));
      }
      return Fd.adopt(fd);
    } catch (ErrnoException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Returns a `struct msghdr`, 56 bytes on 64 bits.
  private static MemorySegment message(
      Arena arena, byte[] name, String text, List<Fd> descriptors) {
    MemorySegment address = arena.allocate(2 + PATH_MAX, 8);
    address.set(JAVA_SHORT, 0, (short) AF_UNIX);
    MemorySegment.copy(name, 0, address, JAVA_BYTE, 2, name.length);
    boolean isAbstract = name[0] == '@';
    if (isAbstract) {
      address.set(JAVA_BYTE, 2, (byte) 0);
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    MemorySegment vector = arena.allocate(16, 8); // struct iovec
    vector.set(ADDRESS, 0, arena.allocateFrom(JAVA_BYTE, bytes));
    vector.set(JAVA_LONG, 8, bytes.length);
    MemorySegment message = arena.allocate(56, 8);
    message.set(ADDRESS, 0, address);
    message.set(JAVA_INT, 8, 2 + name.length + (isAbstract ? 0 : 1));
    message.set(ADDRESS, 16, vector);
    message.set(JAVA_LONG, 24, 1);
    if (!descriptors.isEmpty()) {
      MemorySegment control = control(arena, descriptors);
      message.set(ADDRESS, 32, control);
      message.set(JAVA_LONG, 40, control.byteSize());
    }
    return message;
  }

  /// Returns a `struct cmsghdr` with the descriptors behind it.
  private static MemorySegment control(Arena arena, List<Fd> descriptors) {
    long length = CONTROL_HEADER + 4L * descriptors.size();
    MemorySegment control = arena.allocate(length + 7 & ~7L, 8); // CMSG_SPACE
    control.set(JAVA_LONG, 0, length);
    control.set(JAVA_INT, 8, SOL_SOCKET);
    control.set(JAVA_INT, 12, SCM_RIGHTS);
    for (int i = 0; i < descriptors.size(); i++) {
      control.set(JAVA_INT, CONTROL_HEADER + 4L * i, descriptors.get(i).number());
    }
    return control;
  }
}
