package dev.asterism.layers;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// What an ELF file says it needs to run, as far as its bytes are here.
///
/// Read as `ld.so` reads it: by program headers, not sections (System V ABI, chapter 5; `elf.h`).
/// Nothing is trusted: every table is bounded, and what makes no sense is [NotElf].
sealed interface ElfScan {
  /// All that it needs.
  ///
  /// @param libraries names as in DT_NEEDED, e.g. `libc.so.6`
  /// @param interpreter PT_INTERP: the dynamic linker's path; empty in a library
  /// @param directories of DT_RUNPATH and DT_RPATH, as written
  record Needs(List<String> libraries, Optional<String> interpreter, List<String> directories)
      implements ElfScan {
    public Needs {
      libraries = List.copyOf(libraries);
      directories = List.copyOf(directories);
    }
  }

  /// Bytes that say it are not here.
  ///
  /// @param offset of them in the file
  record Incomplete(long offset) implements ElfScan {}

  /// It is no ELF file that this can read, or a damaged one.
  record NotElf() implements ElfScan {}

  /// A file of which not all need be here.
  interface Bytes {
    /// Returns `length` bytes from `offset`; empty if they are not here.
    ///
    /// @throws IOException if they can't be read, or the file ends before
    Optional<ByteBuffer> read(long offset, int length) throws IOException;
  }

  /// Scans a file.
  ///
  /// @throws IOException if bytes that are here can't be read
  static ElfScan of(Bytes file) throws IOException {
    try {
      return new Reader(file).scan();
    } catch (Reader.Absent e) {
      return new Incomplete(e.offset());
    } catch (IndexOutOfBoundsException _) {
      return new NotElf(); // a table that ends before its last entry
    }
  }

  /// Reads one file. Confined to one thread.
  final class Reader {
    private static final int MAGIC = 0x464c457f; // "\x7fELF", little endian
    private static final int HEADER = 64;
    private static final int MAX_SEGMENTS = 64;
    private static final int MAX_DYNAMIC = 1 << 16; // bytes
    private static final int MAX_STRING = 4096;
    private static final int MAX_NEEDED = 256;
    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int PT_INTERP = 3;
    private static final long DT_NULL = 0;
    private static final long DT_NEEDED = 1;
    private static final long DT_STRTAB = 5;
    private static final long DT_RPATH = 15;
    private static final long DT_RUNPATH = 29;

    private final Bytes file;
    private ByteOrder order = ByteOrder.LITTLE_ENDIAN;
    private boolean wide;
    private final List<Segment> segments = new ArrayList<>();

    Reader(Bytes file) {
      this.file = file;
    }

    private record Segment(int type, long offset, long address, long size) {}

    /// Not a failure: the way out of the reading.
    private static final class Absent extends IOException {
      private static final long serialVersionUID = 1;
      private final long offset;

      Absent(long offset) {
        super("not here: offset " + offset);
        this.offset = offset;
      }

      long offset() {
        return offset;
      }
    }

    ElfScan scan() throws IOException {
      ByteBuffer header = bytes(0, HEADER);
      if (header.getInt(0) != MAGIC || header.get(4) < 1 || header.get(4) > 2) {
        return new NotElf();
      }
      wide = header.get(4) == 2;
      order = header.get(5) == 2 ? ByteOrder.BIG_ENDIAN : ByteOrder.LITTLE_ENDIAN;
      header.order(order);
      readSegments(
          wide ? header.getLong(32) : Integer.toUnsignedLong(header.getInt(28)),
          header.getShort(wide ? 54 : 42),
          header.getShort(wide ? 56 : 44));
      return needs();
    }

    private void readSegments(long table, int entry, int count) throws IOException {
      if (entry < (wide ? 56 : 32) || entry > 256 || count < 0 || count > MAX_SEGMENTS) {
        return;
      }
      for (int i = 0; i < count; i++) {
        ByteBuffer at = bytes(table + (long) i * entry, entry);
        segments.add(
            wide
                ? new Segment(at.getInt(0), at.getLong(8), at.getLong(16), at.getLong(32))
                : new Segment(at.getInt(0), word(at, 4), word(at, 8), word(at, 16)));
      }
    }

    private ElfScan needs() throws IOException {
      Optional<String> interpreter = Optional.empty();
      for (Segment segment : segments) {
        if (segment.type() == PT_INTERP && segment.size() <= MAX_STRING) {
          interpreter = Optional.of(string(segment.offset(), (int) segment.size()));
        }
      }
      List<String> libraries = new ArrayList<>();
      List<String> directories = new ArrayList<>();
      for (Segment segment : segments) {
        if (segment.type() == PT_DYNAMIC && segment.size() <= MAX_DYNAMIC) {
          readDynamic(segment, libraries, directories);
        }
      }
      return new Needs(libraries, interpreter, directories);
    }

    private void readDynamic(Segment dynamic, List<String> libraries, List<String> directories)
        throws IOException {
      ByteBuffer table = bytes(dynamic.offset(), (int) dynamic.size());
      int entry = wide ? 16 : 8;
      long strings = -1;
      for (int at = 0; at + entry <= table.capacity() && tag(table, at) != DT_NULL; at += entry) {
        if (tag(table, at) == DT_STRTAB) {
          strings = offsetOf(value(table, at));
        }
      }
      if (strings < 0) {
        return;
      }
      for (int at = 0; at + entry <= table.capacity() && tag(table, at) != DT_NULL; at += entry) {
        long tag = tag(table, at);
        if (tag == DT_NEEDED && libraries.size() < MAX_NEEDED) {
          libraries.add(string(strings + value(table, at)));
        } else if (tag == DT_RPATH || tag == DT_RUNPATH) {
          directories.addAll(Arrays.asList(string(strings + value(table, at)).split(":", -1)));
        }
      }
    }

    private long tag(ByteBuffer table, int at) {
      return wide ? table.getLong(at) : word(table, at);
    }

    private long value(ByteBuffer table, int at) {
      return wide ? table.getLong(at + 8) : word(table, at + 4);
    }

    private static long word(ByteBuffer from, int at) {
      return Integer.toUnsignedLong(from.getInt(at));
    }

    /// Returns where an address of memory lies in the file; -1 if nowhere.
    private long offsetOf(long address) {
      for (Segment segment : segments) {
        if (segment.type() == PT_LOAD
            && address >= segment.address()
            && address - segment.address() < segment.size()) {
          return segment.offset() + address - segment.address();
        }
      }
      return -1;
    }

    private String string(long offset) throws IOException {
      StringBuilder text = new StringBuilder();
      for (int length = 0; length < MAX_STRING; length++) {
        byte next = bytes(offset + length, 1).get(0);
        if (next == 0) {
          break;
        }
        text.append((char) (next & 0xff));
      }
      return text.toString();
    }

    private String string(long offset, int length) throws IOException {
      ByteBuffer bytes = bytes(offset, length);
      int end = 0;
      while (end < length && bytes.get(end) != 0) {
        end++;
      }
      return StandardCharsets.ISO_8859_1.decode(bytes.slice(0, end)).toString();
    }

    private ByteBuffer bytes(long offset, int length) throws IOException {
      if (offset < 0 || length <= 0) {
        throw new IndexOutOfBoundsException(offset);
      }
      ByteBuffer found = file.read(offset, length).orElseThrow(() -> new Absent(offset));
      return found.order(order);
    }
  }
}
