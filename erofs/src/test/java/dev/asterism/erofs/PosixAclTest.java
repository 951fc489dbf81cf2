package dev.asterism.erofs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class PosixAclTest {
  private static final String OWNER = "01000700ffffffff";
  private static final String USER_11 = "020007000b000000";
  private static final String GROUP_OWNER = "04000500ffffffff";
  private static final String MASK = "10000700ffffffff";
  private static final String OTHERS = "20000500ffffffff";

  @Test
  void underMode_listWithMask_followsTheMode() {
    assertThat(underMode(OWNER + USER_11 + GROUP_OWNER + MASK + OTHERS, 0641))
        .contains(
            "02000000"
                + "01000600ffffffff"
                + USER_11
                + GROUP_OWNER
                + "10000400ffffffff"
                + "20000100ffffffff");
  }

  @Test
  void underMode_listThatSaysNoMoreThanAMode_isNone() {
    assertThat(underMode(OWNER + GROUP_OWNER + OTHERS, 0755)).isEmpty();
    assertThat(underMode("", 0755)).isEmpty();
  }

  @Test
  void encoded_defaultList_isKept() {
    String entries = OWNER + GROUP_OWNER + OTHERS;
    Optional<byte[]> encoded = decode("02000000" + entries).flatMap(PosixAcl::encoded);

    assertThat(encoded.map(HexFormat.of()::formatHex)).contains("02000000" + entries);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "020000",
        "01000000" + OWNER + GROUP_OWNER + OTHERS,
        "02000000" + OWNER + GROUP_OWNER,
        "02000000" + OWNER + USER_11 + GROUP_OWNER + OTHERS,
        "02000000" + GROUP_OWNER + OWNER + OTHERS,
        "02000000" + OWNER + OWNER + GROUP_OWNER + OTHERS,
        "02000000" + OWNER + GROUP_OWNER + OTHERS + "00",
        "02000000" + "01000800ffffffff" + GROUP_OWNER + OTHERS,
        "02000000" + OWNER + GROUP_OWNER + OTHERS + "40000700ffffffff"
      })
  void decode_whatTheKernelRefuses_isNone(String hex) {
    assertThat(decode(hex)).isEmpty();
  }

  private static Optional<String> underMode(String entries, int mode) {
    return decode("02000000" + entries)
        .orElseThrow()
        .underMode(mode)
        .map(HexFormat.of()::formatHex);
  }

  private static Optional<PosixAcl> decode(String hex) {
    return PosixAcl.decode(HexFormat.of().parseHex(hex));
  }
}
