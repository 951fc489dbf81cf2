package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The mounter that counts: what it does not count reaches the one behind it.
final class MeteredMounterTest {
  /// A method of the interface that does nothing by default would be lost silently.
  @Test
  void methods_ofTheInterface_areAllHandedOn() {
    Stream<String> wanted =
        Arrays.stream(LayerMounter.class.getDeclaredMethods())
            .filter(method -> !method.isSynthetic())
            .map(MeteredMounterTest::signature);

    assertThat(
            Arrays.stream(MeteredMounter.class.getDeclaredMethods())
                .map(MeteredMounterTest::signature))
        .containsAll(wanted.toList());
  }

  private static String signature(Method method) {
    return method.getName() + Arrays.toString(method.getParameterTypes());
  }
}
