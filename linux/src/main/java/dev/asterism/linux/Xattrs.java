package dev.asterism.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Extended attributes by path; a symlink is not followed. Names are UTF-8. Thread-safe.
///
/// The JDK's own view knows only `user.*`.
public final class Xattrs {
  // ssize_t lgetxattr(const char *path, const char *name, void *value, size_t size);
  private static final MethodHandle LGETXATTR =
      Native.downcall(
          "lgetxattr", FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG));
  // int lsetxattr(const char *path, const char *name, const void *value, size_t size, int flags);
  private static final MethodHandle LSETXATTR =
      Native.downcall(
          "lsetxattr",
          FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT));
  // ssize_t llistxattr(const char *path, char *list, size_t size);
  private static final MethodHandle LLISTXATTR =
      Native.downcall("llistxattr", FunctionDescriptor.of(JAVA_LONG, ADDRESS, ADDRESS, JAVA_LONG));
  // int lremovexattr(const char *path, const char *name);
  private static final MethodHandle LREMOVEXATTR =
      Native.downcall("lremovexattr", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));

  /// `XATTR_SIZE_MAX` and `XATTR_LIST_MAX` of `linux/limits.h`.
  private static final long MAX = 65_536;

  private Xattrs() {}

  /// Returns the value of one attribute; empty if the file has none of that name.
  ///
  /// @throws ErrnoException if lgetxattr(2) fails otherwise
  public static Optional<byte[]> find(Path path, String name) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      MemorySegment value = arena.allocate(MAX);
      long size =
          (long)
              LGETXATTR.invokeExact(
                  state,
                  Native.string(arena, path.toString()),
                  Native.string(arena, name),
                  value,
                  MAX);
      if (size >= 0) {
        return Optional.of(value.asSlice(0, size).toArray(JAVA_BYTE));
      }
      if (Native.errno(state) == Errno.ENODATA.number()) {
        return Optional.empty();
      }
      throw failed("lgetxattr", path, name, state);
    } catch (ErrnoException | IllegalArgumentException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Sets one attribute, whether the file has it or not.
  ///
  /// @throws ErrnoException if lsetxattr(2) fails
  public static void set(Path path, String name, byte[] value) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      MemorySegment bytes = arena.allocate(Math.max(1, value.length));
      MemorySegment.copy(value, 0, bytes, JAVA_BYTE, 0, value.length);
      int result =
          (int)
              LSETXATTR.invokeExact(
                  state,
                  Native.string(arena, path.toString()),
                  Native.string(arena, name),
                  bytes,
                  (long) value.length,
                  0);
      if (result < 0) {
        throw failed("lsetxattr", path, name, state);
      }
    } catch (ErrnoException | IllegalArgumentException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Returns the names of a file's attributes, as far as this process may see them, in no order.
  ///
  /// @throws ErrnoException if llistxattr(2) fails
  public static List<String> list(Path path) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      MemorySegment names = arena.allocate(MAX);
      long size =
          (long) LLISTXATTR.invokeExact(state, Native.string(arena, path.toString()), names, MAX);
      if (size < 0) {
        throw failed("llistxattr", path, "", state);
      }
      byte[] bytes = names.asSlice(0, size).toArray(JAVA_BYTE);
      String text = new String(bytes, StandardCharsets.UTF_8);
      return Arrays.stream(text.split("\0", -1)).filter(name -> !name.isEmpty()).toList();
    } catch (ErrnoException | IllegalArgumentException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  /// Removes one attribute.
  ///
  /// @throws ErrnoException if lremovexattr(2) fails: `ENODATA` if there is none of that name
  public static void remove(Path path, String name) throws ErrnoException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = Native.errnoState(arena);
      int result =
          (int)
              LREMOVEXATTR.invokeExact(
                  state, Native.string(arena, path.toString()), Native.string(arena, name));
      if (result < 0) {
        throw failed("lremovexattr", path, name, state);
      }
    } catch (ErrnoException | IllegalArgumentException e) {
      throw e;
    } catch (Throwable e) {
      throw Native.bug(e);
    }
  }

  private static ErrnoException failed(String call, Path path, String name, MemorySegment state) {
    String arguments = name.isEmpty() ? path.toString() : path + ", " + name;
    return new ErrnoException(call + "(" + arguments + ")", Native.errno(state));
  }
}
