package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.asterism.testkit.layer.Seeds;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/// What a small program says that it needs. Made by hand after `elf.h`.
class ElfScanTest {
  private static final int DYNAMIC = 512;
  private static final int STRINGS = 1024;
  private static final int INTERPRETER = 300;
  private static final int BASE = 0x400000; // where it is loaded

  /// Returns a file of 2 KiB with an interpreter, two libraries and a directory.
  private static byte[] program() {
    ByteBuffer file = ByteBuffer.allocate(2048).order(ByteOrder.LITTLE_ENDIAN);
    file.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1});
    file.putLong(32, 64).putShort(54, (short) 56).putShort(56, (short) 3);
    segment(file, 0, 1, 0, 2048);
    segment(file, 1, 3, INTERPRETER, 27);
    segment(file, 2, 2, DYNAMIC, 80);
    file.put(INTERPRETER, "/lib64/ld-linux-x86-64.so.2".getBytes(StandardCharsets.US_ASCII));
    file.put(
        STRINGS, "\0libc.so.6\0libm.so.6\0/opt/lib:/usr/own\0".getBytes(StandardCharsets.US_ASCII));
    long[] dynamic = {1, 1, 1, 11, 29, 21, 5, BASE + STRINGS, 0, 0};
    for (int i = 0; i < dynamic.length; i++) {
      file.putLong(DYNAMIC + 8 * i, dynamic[i]);
    }
    return file.array();
  }

  private static void segment(ByteBuffer file, int index, int type, long offset, long size) {
    int at = 64 + 56 * index;
    file.putInt(at, type).putLong(at + 8, offset).putLong(at + 16, BASE + offset);
    file.putLong(at + 32, size);
  }

  private static ElfScan scan(byte[] file, int here) throws IOException {
    return ElfScan.of((offset, length) -> {
      if (offset + length > file.length) {
        throw new IOException("beyond the end");
      }
      return offset + length > here
          ? Optional.empty()
          : Optional.of(ByteBuffer.wrap(file, (int) offset, length).slice());
    });
  }

  @Test
  void of_program_namesInterpreterLibrariesAndDirectories() throws Exception {
    assertThat(scan(program(), 2048))
        .isEqualTo(
            new ElfScan.Needs(
                List.of("libc.so.6", "libm.so.6"),
                Optional.of("/lib64/ld-linux-x86-64.so.2"),
                List.of("/opt/lib", "/usr/own")));
  }

  @Test
  void of_partsMissing_saysWhichIsNeeded() throws Exception {
    assertThat(scan(program(), 400)).isEqualTo(new ElfScan.Incomplete(DYNAMIC));
    assertThat(scan(program(), STRINGS))
        .asInstanceOf(type(ElfScan.Incomplete.class))
        .satisfies(missing -> assertThat(missing.offset()).isGreaterThanOrEqualTo(STRINGS));
  }

  @Test
  void of_text_isNone() throws Exception {
    byte[] text = new byte[200];
    Arrays.fill(text, (byte) 'x');
    assertThat(scan(text, 200)).isEqualTo(new ElfScan.NotElf());
  }

  /// Whatever is wrong with a file, it is read within bounds and ends.
  @Test
  void of_damagedPrograms_endsOneWayOrTheOther() throws Exception {
    RandomGenerator random = Seeds.generator(20);
    for (int i = 0; i < 20_000; i++) {
      byte[] file = program();
      for (int flips = 1 + random.nextInt(8); flips > 0; flips--) {
        file[4 + random.nextInt(1100)] = (byte) random.nextInt();
      }
      try {
        assertThat(scan(file, 2048)).isNotNull();
      } catch (IOException e) {
        assertThat(e).hasMessage("beyond the end");
      }
    }
  }
}
