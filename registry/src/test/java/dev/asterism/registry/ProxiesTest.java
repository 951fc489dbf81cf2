package dev.asterism.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxiesTest {
  private static Proxies except(String noProxy) {
    return Proxies.of(
        Map.of(
            "HTTP_PROXY",
            "http://plain.example:1",
            "https_proxy",
            "tls.example:2",
            "NO_PROXY",
            noProxy));
  }

  private static boolean isDirect(String noProxy, String host, int port) {
    return except(noProxy).find("https", host, port).isEmpty();
  }

  @Test
  void find_byScheme_isTheSchemesProxy() {
    assertThat(except("").find("http", "registry.example", 80))
        .hasValueSatisfying(proxy -> assertThat(proxy.host()).isEqualTo("plain.example"));
    assertThat(except("").find("https", "registry.example", 443))
        .hasValueSatisfying(proxy -> assertThat(proxy.port()).isEqualTo(2));
  }

  @Test
  void find_nothingSet_isNone() {
    assertThat(Proxies.of(Map.of()).find("https", "registry.example", 443)).isEmpty();
    assertThat(Proxies.of(Map.of("HTTP_PROXY", "")).find("http", "registry.example", 80)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "localhost, 5000",
    "127.0.0.1, 5000",
    "127.9.9.9, 80",
    "::1, 443",
    "[::1], 443",
  })
  void find_thisMachine_isNeverAskedThroughAProxy(String host, int port) {
    assertThat(isDirect("", host, port)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "*; registry.example; 443",
        "example; registry.example; 443",
        "registry.example; REGISTRY.example; 443",
        "other, .example; registry.example; 443",
        "*.example; registry.example; 443",
        "registry.example:5000; registry.example; 5000",
        "10.1.0.0/16; 10.1.255.3; 443",
        "10.1.2.3; 10.1.2.3; 443",
        "2001:db8::/32; 2001:db8:1::1; 443",
        "[2001:db8::1]:443; 2001:db8::1; 443",
      })
  void find_exempt_isDirect(String noProxy, String host, int port) {
    assertThat(isDirect(noProxy, host, port)).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        ".example; example; 443",
        "gistry.example; registry.example; 443",
        "registry.example:5000; registry.example; 443",
        "10.1.0.0/16; 10.2.0.1; 443",
        "10.1.0.0/33; 10.1.0.1; 443",
        "10.1.0.0/16; registry.example; 443",
        "2001:db8::/32; 10.1.0.1; 443",
        "/; 10.1.0.1; 443",
      })
  void find_notExempt_isNot(String noProxy, String host, int port) {
    assertThat(isDirect(noProxy, host, port)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "socks5://proxy.example:1080",
    "http://",
    "http://a b:1",
    "https://u:secret@p.example"
  })
  void of_noUsableAddress_saysSoWithoutWhatItIs(String value) {
    assertThat(Proxies.of(Map.of("HTTPS_PROXY", value)).find("https", "registry.example", 443))
        .hasValueSatisfying(
            proxy -> assertThat(proxy.trouble()).contains("HTTPS_PROXY").doesNotContain("secret"));
  }

  @Test
  void toString_withLogin_hidesIt() {
    Proxies proxies = Proxies.of(Map.of("HTTP_PROXY", "http://user:hidden@proxy.example:3128"));
    assertThat(proxies.find("http", "registry.example", 80))
        .hasValueSatisfying(proxy -> {
          assertThat(proxy.login()).contains(new Credential.Basic("user", "hidden"));
          assertThat(proxy).asString().doesNotContain("hidden");
        });
  }
}
