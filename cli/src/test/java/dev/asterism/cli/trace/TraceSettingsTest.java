package dev.asterism.cli.trace;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TraceSettingsTest {
  private static TraceSettings read(String... pairs) {
    Map<String, String> environment = new HashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      environment.put(pairs[i], pairs[i + 1]);
    }
    return TraceSettings.read(environment, "1.2");
  }

  @Test
  void read_nothingOfTraces_isOff() {
    assertThat(read().enabled()).isFalse();
    assertThat(read("OTEL_SERVICE_NAME", "x").enabled()).isFalse();
  }

  @Test
  void read_endpointOrExporter_isOnUnlessDisabled() {
    assertThat(read("OTEL_TRACES_EXPORTER", "otlp").enabled()).isTrue();
    assertThat(read("OTEL_TRACES_EXPORTER", "otlp").endpoint())
        .hasToString("http://localhost:4318/v1/traces");
    assertThat(read("OTEL_EXPORTER_OTLP_ENDPOINT", "https://c.example/otlp/").endpoint())
        .hasToString("https://c.example/otlp/v1/traces");
    TraceSettings own =
        read(
            "OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1",
            "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://b:2/as/it/is");
    assertThat(own.endpoint()).hasToString("http://b:2/as/it/is");
    assertThat(own.enabled()).isTrue();
    assertThat(
            read("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1", "OTEL_SDK_DISABLED", "true")
                .enabled())
        .isFalse();
    assertThat(
            read("OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1", "OTEL_TRACES_EXPORTER", "none")
                .enabled())
        .isFalse();
  }

  @Test
  void read_everything_isTaken() {
    TraceSettings settings =
        read(
            "OTEL_EXPORTER_OTLP_ENDPOINT", "http://a:1",
            "OTEL_EXPORTER_OTLP_HEADERS", "api-key=s%3Dcret+1, other=2",
            "OTEL_EXPORTER_OTLP_TIMEOUT", "200",
            "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "300",
            "OTEL_EXPORTER_OTLP_COMPRESSION", "gzip",
            "OTEL_RESOURCE_ATTRIBUTES", "node=n1,service.name=loses",
            "OTEL_SERVICE_NAME", "wins",
            "OTEL_TRACES_SAMPLER", "parentbased_traceidratio",
            "OTEL_TRACES_SAMPLER_ARG", "0.25",
            "OTEL_BSP_SCHEDULE_DELAY", "7",
            "OTEL_BSP_MAX_QUEUE_SIZE", "8",
            "OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "9");

    assertThat(settings.headers()).isEqualTo(Map.of("api-key", "s=cret+1", "other", "2"));
    assertThat(settings.timeout()).isEqualTo(Duration.ofMillis(300));
    assertThat(settings.gzip()).isTrue();
    assertThat(settings.resource())
        .containsEntry("node", "n1")
        .containsEntry("service.name", "wins")
        .containsEntry("service.version", "1.2");
    assertThat(settings.part()).isEqualTo(0.25);
    assertThat(settings.delay()).isEqualTo(Duration.ofMillis(7));
    assertThat(settings.queue()).isEqualTo(8);
    assertThat(settings.batch()).isEqualTo(9);
    assertThat(settings.problems()).isEmpty();
  }

  @Test
  void place_ofAnEndpointWithAPassword_doesNotTellIt() {
    assertThat(
            read("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "http://u:pa%40ss@b:2/as/is?key=pass")
                .place())
        .isEqualTo("http://b:2/as/is");
    assertThat(read("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://u:p@ss@b:2/x?key=pass").problems())
        .singleElement()
        .asString()
        .contains("grpc://", "b:2/x")
        .doesNotContain("u:", "ss@", "pass");
  }

  @Test
  void read_nonsense_isNamedWithoutItsSecretsAndLeftOut() {
    TraceSettings settings =
        read(
            "OTEL_EXPORTER_OTLP_ENDPOINT", "unix:/socket",
            "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc",
            "OTEL_EXPORTER_OTLP_HEADERS", "key=%zz-secret,host=a-secret,fine=1",
            "OTEL_TRACES_SAMPLER", "dice",
            "OTEL_BSP_MAX_QUEUE_SIZE", "many");

    assertThat(settings.enabled()).isTrue();
    assertThat(settings.headers()).isEqualTo(Map.of("fine", "1"));
    assertThat(settings.queue()).isEqualTo(2048);
    assertThat(settings.part()).isEqualTo(1);
    assertThat(settings.problems())
        .hasSize(6)
        .anyMatch(problem -> problem.contains("unix:/socket"))
        .anyMatch(problem -> problem.contains("grpc"))
        .anyMatch(problem -> problem.contains("dice"))
        .noneMatch(problem -> problem.contains("secret"));
  }
}
