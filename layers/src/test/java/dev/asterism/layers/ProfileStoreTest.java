package dev.asterism.layers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProfileStoreTest {
  private static final Digest LAYER = Digest.of(new byte[] {1});
  private static final Digest CONTENT = Digest.of(new byte[] {2});

  @TempDir Path root;

  private static Profile profile(String image, long seconds) {
    return new Profile(
        image,
        Instant.ofEpochSecond(seconds),
        77,
        List.of(LAYER),
        List.of(
            new Profile.File(
                5,
                0,
                CONTENT,
                900,
                List.of(new ByteRange(0, 100), new ByteRange(500, 900)),
                "with space\\and\nline")));
  }

  @Test
  void import_ofExport_isTheSame() throws Exception {
    Profile profile = profile("registry.example/app:1", 1_700_000_000);

    Profile imported = ProfileStore.parse(ProfileStore.export(profile));
    ProfileStore.of(root).put(imported);

    assertThat(imported).isEqualTo(profile);
    assertThat(ProfileStore.of(root).list()).containsExactly(profile);
  }

  @Test
  void find_noOwn_isTheNewestOfTheRepository() throws Exception {
    ProfileStore store = ProfileStore.of(root);
    store.put(profile("registry.example/app:1", 10));
    store.put(profile("registry.example/app:2", 20));
    store.put(profile("registry.example/other:3", 30));

    assertThat(store.find("registry.example/app:3").map(Profile::image))
        .contains("registry.example/app:2");
    assertThat(store.find("registry.example/app:1").map(Profile::image))
        .contains("registry.example/app:1");
    assertThat(store.find("registry.example/third:1")).isEmpty();
  }

  @Test
  void put_again_replaces() throws Exception {
    ProfileStore store = ProfileStore.of(root);
    store.put(profile("registry.example/app:1", 10));
    store.put(profile("registry.example/app:1", 20));

    assertThat(store.list())
        .extracting(Profile::recorded)
        .containsExactly(Instant.ofEpochSecond(20));
  }

  @Test
  void import_anyChangedByte_isRefused() {
    String text = ProfileStore.export(profile("registry.example/app:1", 10));
    for (int i = 0; i < text.length(); i++) {
      String changed = text.substring(0, i) + (char) (text.charAt(i) ^ 1) + text.substring(i + 1);
      assertThatThrownBy(() -> ProfileStore.parse(changed))
          .as("character %d", changed.compareTo(text))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void import_cutOff_isRefused() {
    String text = ProfileStore.export(profile("registry.example/app:1", 10));
    for (int length = 0; length < text.length(); length++) {
      String cut = text.substring(0, length);
      assertThatThrownBy(() -> ProfileText.read(cut)).isInstanceOf(IOException.class);
    }
  }
}
