package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostsTest {
  @ParameterizedTest
  @CsvSource({
    "docker.io, https://registry-1.docker.io",
    "quay.io, https://quay.io",
    "localhost, http://localhost",
    "localhost:5000, http://localhost:5000",
    "127.0.0.1:5000, http://127.0.0.1:5000",
    "127.9.9.9, http://127.9.9.9",
    "[::1]:5000, http://[::1]:5000",
    "128.0.0.1:5000, https://128.0.0.1:5000",
    "127.0.0.1.example, https://127.0.0.1.example",
    "notlocalhost, https://notlocalhost",
    "[::2]:5000, https://[::2]:5000",
  })
  void standard_host_hasOneEndpoint(String host, String endpoint) throws IOException {
    assertThat(Hosts.standard().endpoints(host)).singleElement().hasToString(endpoint);
  }

  @Test
  void endpoint_notAnAuthority_isRefused() {
    for (String authority : new String[] {"", "a/b", "u@h", "h:p", "h?q", "h#f", "a b"}) {
      assertThatThrownBy(() -> new Endpoint("https", authority))
          .as(authority)
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> new Endpoint("ftp", "h")).isInstanceOf(IllegalArgumentException.class);
  }
}
