package dev.asterism.registry;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.hc.core5.http.Header;

/// Shows the heads of requests and answers, for whoever looks into why a registry refuses: method,
/// address, status and headers, a line each. No bodies, and no secrets: credentials, cookies,
/// headers of a configuration and queries, which sign addresses, are left out. Thread-safe if its
/// consumer is.
///
/// @param out gets each head as one text, its lines ended
record ExchangeDump(Consumer<String> out) implements ExchangeListener {
  private static final Set<String> SECRET =
      Set.of("authorization", "proxy-authorization", "cookie", "set-cookie");
  private static final String HIDDEN = "[hidden]";

  @Override
  public void sent(String method, URI uri, Header[] headers, Map<String, List<String>> configured) {
    StringBuilder head = new StringBuilder();
    head.append("> %s %s\n".formatted(method, withoutQuery(uri.toString())));
    append(
        head, ">", headers, name -> configured.keySet().stream().anyMatch(name::equalsIgnoreCase));
    out.accept(head.toString());
  }

  @Override
  public void answered(int status, String method, URI uri, Header[] headers) {
    StringBuilder head = new StringBuilder();
    head.append("< %d to %s %s\n".formatted(status, method, withoutQuery(uri.toString())));
    append(head, "<", headers, _ -> false);
    out.accept(head.toString());
  }

  private static void append(
      StringBuilder head, String side, Header[] headers, Predicate<String> hidden) {
    for (Header header : headers) {
      String value = String.valueOf(header.getValue());
      String shown =
          switch (header.getName().toLowerCase(Locale.ROOT)) {
            case String name when SECRET.contains(name) || hidden.test(name) -> HIDDEN;
            case "location" -> withoutQuery(value);
            default -> value;
          };
      head.append("%s %s: %s\n".formatted(side, header.getName(), shown));
    }
  }

  private static String withoutQuery(String uri) {
    int query = uri.indexOf('?');
    return query < 0 ? uri : uri.substring(0, query + 1) + HIDDEN;
  }
}
