package dev.asterism.containerd;

import dev.asterism.containerd.wire.AddResourceRequest;
import dev.asterism.containerd.wire.CreateRequest;
import dev.asterism.containerd.wire.DeleteRequest;
import dev.asterism.containerd.wire.Resource;
import dev.asterism.content.Digest;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;

/// What keeps containerd from collecting what has no name yet. Of a killed process it ends by
/// itself after a day. Thread-safe.
final class Lease {
  private static final String EXPIRES = "containerd.io/gc.expire";
  private static final Duration LIFE = Duration.ofDays(1);

  private final Connection connection;
  private final String id;

  private Lease(Connection connection, String id) {
    this.connection = connection;
    this.id = id;
  }

  /// Takes one.
  static Lease on(Connection connection) throws IOException {
    String id = "asterism-" + UUID.randomUUID();
    Instant end = Instant.now().plus(LIFE).truncatedTo(ChronoUnit.SECONDS);
    CreateRequest request =
        CreateRequest.newBuilder().setId(id).putLabels(EXPIRES, end.toString()).build();
    Lease lease = new Lease(connection, id);
    try {
      connection.call("taking a lease", () -> connection.leases().create(request));
    } catch (IOException e) {
      lease.endAfter(e); // its answer alone may be lost, as when this thread is interrupted
      throw e;
    }
    return lease;
  }

  private void endAfter(IOException failure) {
    boolean interrupted = Thread.interrupted();
    try {
      end(false);
    } catch (IOException e) {
      failure.addSuppressed(e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// Returns the connection under this lease.
  Connection connection() {
    return connection.under(id);
  }

  /// Holds content; it need not be there.
  void hold(Digest digest) throws IOException {
    AddResourceRequest request =
        AddResourceRequest.newBuilder()
            .setId(id)
            .setResource(Resource.newBuilder().setId(digest.toString()).setType("content"))
            .build();
    try {
      connection.leases().addResource(request);
    } catch (StatusRuntimeException e) {
      if (!Connection.isThere(e)) {
        throw connection.failure("holding " + digest, e);
      }
    }
  }

  /// Gives it back.
  ///
  /// @param collect whether what nothing else holds is gone when this returns
  void end(boolean collect) throws IOException {
    DeleteRequest request = DeleteRequest.newBuilder().setId(id).setSync(collect).build();
    try {
      connection.leases().delete(request);
    } catch (StatusRuntimeException e) {
      if (!Connection.isAbsent(e)) {
        throw connection.failure("ending a lease", e);
      }
    }
  }
}
