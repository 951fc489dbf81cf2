package dev.asterism.snapshotter;

import dev.asterism.content.Trace;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.Optional;

/// Takes the trace along that a caller is in: header `traceparent` of W3C's Trace Context. Looks at
/// nothing while nobody records.
final class TraceParent implements ServerInterceptor {
  private static final Metadata.Key<String> HEADER =
      Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER);

  private static final Context.Key<String> SENT = Context.keyWithDefault("traceparent", "");

  /// Returns what the caller of this call sent; empty if it sent nothing.
  static Optional<String> current() {
    return Trace.isOn() ? Optional.of(SENT.get()) : Optional.empty();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String sent = Trace.isOn() ? headers.get(HEADER) : null;
    return sent == null
        ? next.startCall(call, headers)
        : Contexts.interceptCall(Context.current().withValue(SENT, sent), call, headers, next);
  }
}
