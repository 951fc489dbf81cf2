package dev.asterism.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.cli.config.Configuration;
import dev.asterism.cli.config.ConfigurationFile;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import dev.asterism.registry.ImageReference;
import dev.asterism.registry.RegistryClient;
import dev.asterism.testkit.registry.Fault;
import dev.asterism.testkit.registry.Target;
import dev.asterism.testkit.registry.TestRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What the keys of a mirror's table do to requests: the client is the daemon's.
@Timeout(120)
class MirrorKeysTest {
  private static final byte[] BYTES = {1, 2, 3, 4, 5};

  @TempDir private Path temporary;
  private final TestRegistry mirror = TestRegistry.start();
  private final TestRegistry source = TestRegistry.start();
  private final Digest digest = source.blob(BYTES);

  MirrorKeysTest() {
    mirror.blob(BYTES);
  }

  @AfterEach
  void end() {
    mirror.close();
    source.close();
  }

  /// Reads the blob by a configuration with this mirror.
  private void read(String host, String keys) throws Exception {
    String text =
        "[[resolver.host.\"%s\".mirrors]]\nhost = \"%s\"\n%s\n"
            .formatted(source.host(), host, keys);
    Configuration configuration =
        ConfigurationFile.load(Files.writeString(temporary.resolve("config.toml"), text))
            .configuration();
    ImageReference image = ImageReference.parse(source.host() + "/a/b:1");
    try (RegistryClient client = Daemon.registry(configuration, InstantSource.system())) {
      assertThat(
              client
                  .blob(image, digest, OptionalLong.of(BYTES.length))
                  .read(new ByteRange(0, BYTES.length)))
          .isEqualTo(BYTES);
    }
  }

  /// The address of this machine is written so that it is not taken for it, and HTTPS is spoken
  /// unless the key says otherwise.
  @ParameterizedTest
  @CsvSource({"'', 0", "insecure = false, 0", "insecure = true, 1"})
  void insecure_set_isAskedOverPlainHttp(String key, int requests) throws Exception {
    read(mirror.host().replace("127.0.0.1", "[::ffff:127.0.0.1]"), key);
    assertThat(mirror.traffic().list()).hasSize(requests);
    assertThat(source.traffic().list()).hasSize(1 - requests);
  }

  @ParameterizedTest
  @CsvSource({"1, false", "60, true", "-1, true"})
  void requestTimeout_set_isHowLongTheMirrorMayTake(int seconds, boolean served) throws Exception {
    mirror.fault(Target.blobs(), new Fault.Latency(Duration.ofSeconds(3)));
    read(mirror.host(), "request_timeout_sec = " + seconds);
    assertThat(source.traffic().list()).hasSize(served ? 0 : 1);
  }

  @Test
  void header_set_goesToTheMirrorAlone() throws Exception {
    String keys = "header = {x-one = \"1\", x-many = [\"2\", \"3\"]}";
    read(mirror.host(), keys);
    assertThat(source.traffic().list()).isEmpty();
    assertThat(mirror.traffic().list().getFirst().own())
        .containsEntry("x-one", "1")
        .containsEntry("x-many", "2, 3");

    mirror.fault(Target.blobs(), new Fault.Status(404));
    read(mirror.host(), keys);
    assertThat(source.traffic().list()).hasSize(1);
    assertThat(source.traffic().list().getFirst().own()).isEmpty();
  }
}
