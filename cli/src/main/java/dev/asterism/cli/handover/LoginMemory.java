package dev.asterism.cli.handover;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.asterism.linux.Fd;
import dev.asterism.linux.SharedMemory;
import dev.asterism.registry.PulledCredentials.Known;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.zip.CRC32;

/// Logins in memory that outlives the process (`memfd_create(2)`), and never on a disk.
///
/// A page with a magic number (8 bytes) and a format (4), then two slots, in host byte order. A
/// slot has a number (8), the length of what follows (4), its CRC-32 (4), and [LoginsCodec]'s
/// bytes. What is written goes into the slot with the lower number, which is 0 meanwhile: a process
/// that is killed at any instruction leaves the other slot whole. Thread-safe.
final class LoginMemory implements AutoCloseable {
  private static final long MAGIC = 0x4153_5452_4C4F_474EL; // "ASTRLOGN"
  private static final int FORMAT = 1;

  private static final long PAGE = 4096;
  private static final long SLOT = 8 << 20; // 8 MiB; what is not written takes no memory
  private static final long HEAD = 16; // bytes of a slot before its content

  /// How much one slot takes.
  static final int MOST = (int) (SLOT - HEAD);

  private final SharedMemory memory;
  private final MemorySegment all;

  private LoginMemory(SharedMemory memory) throws IOException {
    this.memory = memory;
    this.all = memory.map(0, PAGE + 2 * SLOT, Arena.ofAuto());
  }

  /// Makes an empty one.
  static LoginMemory create() throws IOException {
    SharedMemory memory = SharedMemory.create("asterism-logins");
    try {
      LoginMemory made = new LoginMemory(memory);
      made.all.set(JAVA_INT, 8, FORMAT);
      made.all.set(JAVA_LONG, 0, MAGIC);
      return made;
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /// Goes on with what a former process has written.
  ///
  /// @param fd which this takes over, and closes if it fails
  /// @throws IOException if it is something else, or was written by another version
  static LoginMemory open(Fd fd) throws IOException {
    SharedMemory memory = new SharedMemory(fd);
    try {
      LoginMemory opened = new LoginMemory(memory);
      if (opened.all.get(JAVA_LONG, 0) != MAGIC || opened.all.get(JAVA_INT, 8) != FORMAT) {
        throw new IOException(
            "the logins that a former process kept are of another version, and are not read");
      }
      return opened;
    } catch (IOException | RuntimeException e) {
      memory.close();
      throw e;
    }
  }

  /// Returns what was written last, the oldest first; nothing if nothing was, or it is damaged.
  synchronized List<Known> read() throws IOException {
    for (MemorySegment slot : newestFirst()) {
      long found = slot.get(JAVA_LONG, 0);
      int length = slot.get(JAVA_INT, 8);
      if (found <= 0 || length < 0 || length > MOST) {
        continue;
      }
      byte[] content = slot.asSlice(HEAD, length).toArray(JAVA_BYTE);
      if (checksum(content) == slot.get(JAVA_INT, 12)) {
        return LoginsCodec.decode(content);
      }
    }
    return List.of();
  }

  /// Keeps these and nothing else. Of more than fit the oldest are left out.
  ///
  /// @param logins the oldest first
  synchronized void write(List<Known> logins) {
    byte[] content = LoginsCodec.encode(logins, MOST);
    MemorySegment former = newestFirst().getFirst();
    MemorySegment slot = newestFirst().getLast();
    slot.set(JAVA_LONG, 0, 0);
    VarHandle.releaseFence();
    slot.asSlice(HEAD).copyFrom(MemorySegment.ofArray(content));
    slot.set(JAVA_INT, 8, content.length);
    slot.set(JAVA_INT, 12, checksum(content));
    VarHandle.releaseFence();
    slot.set(JAVA_LONG, 0, Math.max(0, former.get(JAVA_LONG, 0)) + 1);
    VarHandle.releaseFence();
    former.set(JAVA_LONG, 0, 0); // a login that was removed is in neither
    former.asSlice(HEAD, Math.clamp(former.get(JAVA_INT, 8), 0, MOST)).fill((byte) 0);
  }

  private List<MemorySegment> newestFirst() {
    MemorySegment first = all.asSlice(PAGE, SLOT);
    MemorySegment second = all.asSlice(PAGE + SLOT, SLOT);
    return first.get(JAVA_LONG, 0) >= second.get(JAVA_LONG, 0)
        ? List.of(first, second)
        : List.of(second, first);
  }

  private static int checksum(byte[] content) {
    CRC32 crc = new CRC32();
    crc.update(content);
    return (int) crc.getValue();
  }

  /// Returns the descriptor of the memory, which stays this object's.
  Fd fd() {
    return memory.fd();
  }

  @Override
  public void close() {
    memory.close();
  }
}
