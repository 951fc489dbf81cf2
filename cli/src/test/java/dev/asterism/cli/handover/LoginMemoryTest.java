package dev.asterism.cli.handover;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.linux.SharedMemory;
import dev.asterism.registry.Credential;
import dev.asterism.registry.PulledCredentials.Known;
import dev.asterism.testkit.layer.Seeds;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Logins in memory, as the next process finds them.
class LoginMemoryTest {
  private static final Known BASIC =
      new Known("r.example:5000", "team/app", new Credential.Basic("usér", "pä:ss"));
  private static final Known TOKEN =
      new Known("docker.io", "library/x", new Credential.IdentityToken("refresh"));

  private LoginMemory memory;

  @BeforeEach
  void create() throws IOException {
    memory = LoginMemory.create();
  }

  @AfterEach
  void close() {
    memory.close();
  }

  /// Returns what another process reads, by a descriptor of its own.
  private List<Known> readByTheNext() throws IOException {
    try (LoginMemory next = LoginMemory.open(memory.fd().duplicate(3))) {
      return next.read();
    }
  }

  private MemorySegment bytes() throws IOException {
    SharedMemory same = new SharedMemory(memory.fd().duplicate(3));
    try (same) {
      return same.map(0, same.size(), Arena.ofAuto());
    }
  }

  @Test
  void read_whatWasWrittenLast_isAllOfIt() throws IOException {
    assertThat(readByTheNext()).isEmpty();
    memory.write(List.of(TOKEN));
    memory.write(List.of(TOKEN, BASIC));
    assertThat(readByTheNext()).containsExactly(TOKEN, BASIC);
    memory.write(List.of(BASIC));
    assertThat(readByTheNext()).containsExactly(BASIC);
    memory.write(List.of());
    assertThat(readByTheNext()).isEmpty();
  }

  @Test
  void write_theNextProcess_goesOnBehindTheFormer() throws IOException {
    memory.write(List.of(BASIC));
    try (LoginMemory next = LoginMemory.open(memory.fd().duplicate(3))) {
      assertThat(next.read()).containsExactly(BASIC);
      next.write(List.of(TOKEN));
    }
    assertThat(readByTheNext()).containsExactly(TOKEN);
  }

  @Test
  void write_aLoginThatIsRemoved_staysNowhere() throws IOException {
    memory.write(List.of(BASIC));
    memory.write(List.of());

    byte[] all = bytes().toArray(ValueLayout.JAVA_BYTE);
    assertThat(new String(all, StandardCharsets.UTF_8)).doesNotContain("pä:ss");
  }

  /// A process that was killed while it wrote has wiped the number of the slot that it wrote to.
  @Test
  void read_afterAKillInTheMiddleOfAWrite_isWhatStoodBefore() throws IOException {
    memory.write(List.of(BASIC));
    MemorySegment all = bytes();
    long first = 4096;
    long second = 4096 + (8L << 20);
    long free = all.get(ValueLayout.JAVA_LONG, first) == 0 ? first : second;
    all.set(ValueLayout.JAVA_INT, free + 8, 1 << 20);
    all.asSlice(free + 16, 1000).fill((byte) 7);

    assertThat(readByTheNext()).containsExactly(BASIC);

    all.set(ValueLayout.JAVA_LONG, free, 1_000_000); // and even one that says it is whole
    assertThat(readByTheNext()).containsExactly(BASIC);
  }

  @Test
  void open_anotherVersionsOrAnotherMemory_isRefused() throws IOException {
    bytes().set(ValueLayout.JAVA_INT, 8, 2);
    assertThatThrownBy(this::readByTheNext).hasMessageContaining("another version");

    bytes().set(ValueLayout.JAVA_INT, 8, 1);
    bytes().set(ValueLayout.JAVA_LONG, 0, 1);
    assertThatThrownBy(this::readByTheNext).isInstanceOf(IOException.class);
  }

  @Test
  void encode_moreThanFit_leavesOutTheOldest() throws IOException {
    List<Known> many =
        IntStream.range(0, 100)
            .mapToObj(i -> new Known("h", "r" + i, new Credential.Basic("u", "p".repeat(90))))
            .toList();

    List<Known> left = LoginsCodec.decode(LoginsCodec.encode(many, 1000));

    assertThat(left).isNotEmpty().isEqualTo(many.subList(100 - left.size(), 100));
  }

  @Test
  void decode_anyBytes_throwsNothingElse() {
    RandomGenerator random = Seeds.generator(11);
    byte[] right = LoginsCodec.encode(List.of(BASIC, TOKEN), LoginMemory.MOST);
    for (int i = 0; i < 2000; i++) {
      byte[] wrong = right.clone();
      wrong[random.nextInt(wrong.length)] = (byte) random.nextInt();
      try {
        assertThat(LoginsCodec.decode(wrong)).hasSizeLessThan(100);
      } catch (IOException e) {
        assertThat(e).hasMessageContaining("damaged");
      }
    }
  }
}
