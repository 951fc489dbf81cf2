package dev.asterism.snapshotter;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/// Assertions on how calls fail.
final class Statuses {
  private Statuses() {}

  static void assertFails(Status.Code code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            failure ->
                org.assertj.core.api.Assertions.assertThat(failure.getStatus().getCode())
                    .as("%s", failure.getStatus())
                    .isEqualTo(code));
  }

  /// Returns how a call ends.
  static Status.Code codeOf(Runnable call) {
    try {
      call.run();
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }
}
