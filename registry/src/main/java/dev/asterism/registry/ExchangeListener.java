package dev.asterism.registry;

import java.net.URI;
import java.util.List;
import java.util.Map;
import org.apache.hc.core5.http.Header;

/// Is told of every request and its answer. Called by several threads at once.
interface ExchangeListener {
  /// Wants to know nothing.
  ExchangeListener NONE = new None();

  /// A request is about to be sent.
  ///
  /// @param headers all that are sent
  /// @param configured those among them that a configuration has set; nobody knows what they say
  void sent(String method, URI uri, Header[] headers, Map<String, List<String>> configured);

  /// The head of an answer has come.
  void answered(int status, String method, URI uri, Header[] headers);

  /// See [#NONE].
  record None() implements ExchangeListener {
    @Override
    public void sent(
        String method, URI uri, Header[] headers, Map<String, List<String>> configured) {}

    @Override
    public void answered(int status, String method, URI uri, Header[] headers) {}
  }
}
