package dev.asterism.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.charset.StandardCharsets;

/// What every binding in this package is made of: downcall handles that capture errno, and C
/// strings.
///
/// A handle from [#downcall] takes the errno segment first: allocate it with [#errnoState], read it
/// with [#errno] after a call that returned -1. Thread-safe.
final class Native {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
  private static final StructLayout STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO =
      STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));

  private Native() {}

  /// Binds a function of the C library that is already in the process. `firstVariadic` names the
  /// first variadic argument where there is one.
  static MethodHandle downcall(
      String function, FunctionDescriptor type, Linker.Option... firstVariadic) {
    MemorySegment address =
        LINKER
            .defaultLookup()
            .find(function)
            .orElseThrow(
                () -> new UnsatisfiedLinkError("the C library has no function " + function));
    Linker.Option[] options = new Linker.Option[firstVariadic.length + 1];
    options[0] = CAPTURE;
    System.arraycopy(firstVariadic, 0, options, 1, firstVariadic.length);
    return LINKER.downcallHandle(address, type, options);
  }

  /// Allocates where a call leaves its errno.
  static MemorySegment errnoState(Arena arena) {
    return arena.allocate(STATE);
  }

  /// Returns what the last call left.
  static int errno(MemorySegment state) {
    return (int) ERRNO.get(state, 0L);
  }

  /// Returns `text` as a NUL-terminated UTF-8 string.
  ///
  /// @throws IllegalArgumentException if `text` has a NUL in it, which C would take for its end
  static MemorySegment string(Arena arena, String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("NUL in a C string");
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    MemorySegment segment = arena.allocate(bytes.length + 1L);
    MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
    return segment;
  }

  /// What a downcall handle throws although a C function throws nothing: a bug in its binding.
  static AssertionError bug(Throwable failure) {
    return new AssertionError("a downcall failed in Java", failure);
  }
}
