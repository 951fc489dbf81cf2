package dev.asterism.fuse;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.fuse.wire.ForgetOne;
import dev.asterism.fuse.wire.InHeader;
import dev.asterism.fuse.wire.Opcode;
import dev.asterism.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RequestTest {
  private static Request decode(int opcode, ByteBuffer body) {
    InHeader header = new InHeader(0, opcode, 2, 9, 0, 0, 1, 0);
    return Request.decode(header, MemorySegment.ofBuffer(body.duplicate().rewind()));
  }

  private static ByteBuffer body(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.nativeOrder());
  }

  @Test
  void decode_names_endAtTheirNul() {
    assertThat(decode(Opcode.LOOKUP, body(5).put("name\0".getBytes(UTF_8))))
        .isEqualTo(new Request.Lookup(Name.of("name")));
    assertThat(
            decode(Opcode.GETXATTR, body(15).putInt(7).putInt(0).put("user.x\0".getBytes(UTF_8))))
        .isEqualTo(new Request.Getxattr(Name.of("user.x"), 7));
  }

  @Test
  void decode_forgets_nameTheirNodes() {
    assertThat(decode(Opcode.FORGET, body(8).putLong(3)))
        .isEqualTo(new Request.Forget(List.of(new ForgetOne(9, 3))));
    assertThat(decode(Opcode.BATCH_FORGET, body(24).putInt(1).putInt(0).putLong(5).putLong(2)))
        .isEqualTo(new Request.Forget(List.of(new ForgetOne(5, 2))));
  }

  @Test
  void decode_whatWrites_isRefusedAsReadOnly() {
    assertThat(decode(Opcode.UNLINK, body(8))).isEqualTo(new Request.Refused(Errno.EROFS));
    assertThat(decode(4711, body(8))).isEqualTo(new Request.Refused(Errno.ENOSYS));
  }

  @Test
  void decode_nameWithoutNul_isRefused() {
    assertThatThrownBy(() -> decode(Opcode.LOOKUP, body(4).put("name".getBytes(UTF_8))))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void decode_anyBytes_givesARequestOrItsOneException() {
    Random random = new Random(42);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(64)];
      random.nextBytes(bytes);
      try {
        assertThat(decode(random.nextInt(60), ByteBuffer.wrap(bytes))).isNotNull();
      } catch (IndexOutOfBoundsException expected) {
        assertThat(expected).isNotNull();
      }
    }
  }
}
