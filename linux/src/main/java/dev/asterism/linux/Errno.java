package dev.asterism.linux;

import java.util.Arrays;

/// The errors of system calls that somebody here tells apart (`asm-generic/errno-base.h`,
/// `asm-generic/errno.h`).
public enum Errno {
  EPERM(1),
  ENOENT(2),
  ESRCH(3),
  EINTR(4),
  EIO(5),
  E2BIG(7),
  EBADF(9),
  EAGAIN(11),
  ENOMEM(12),
  EACCES(13),
  EFAULT(14),
  EBUSY(16),
  EEXIST(17),
  EXDEV(18),
  ENODEV(19),
  ENOTDIR(20),
  EISDIR(21),
  EINVAL(22),
  EMFILE(24),
  ENOTTY(25),
  EFBIG(27),
  ENOSPC(28),
  EROFS(30),
  EMLINK(31),
  ERANGE(34),
  ENAMETOOLONG(36),
  ENOSYS(38),
  ENOTEMPTY(39),
  ELOOP(40),
  ENODATA(61),
  EPROTO(71),
  EOPNOTSUPP(95),
  ENOTCONN(107),
  ETIMEDOUT(110),
  ESTALE(116),
  EDQUOT(122);

  private final int number;

  Errno(int number) {
    this.number = number;
  }

  /// Returns the name of an error: `ENOSPC`, or `errno 123` where nobody here tells it apart.
  public static String nameOf(int number) {
    return Arrays.stream(values())
        .filter(errno -> errno.number == number)
        .map(Errno::name)
        .findFirst()
        .orElse("errno " + number);
  }

  /// Returns the kernel's number, positive.
  public int number() {
    return number;
  }
}
