package dev.asterism.containerd;

import com.google.protobuf.UnsafeByteOperations;
import dev.asterism.containerd.wire.WriteAction;
import dev.asterism.containerd.wire.WriteContentRequest;
import dev.asterism.containerd.wire.WriteContentResponse;
import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.LongConsumer;

/// One blob on its way into containerd's content store: a call in which every message is answered.
/// What an earlier write under the same name left is gone on from. Confined to one thread.
final class ContentWrite implements Closeable {
  private static final int CHUNK = 1 << 20; // 1 MiB

  private final Digest digest;
  private final String ref;
  private final BlockingQueue<Answer> answers = new LinkedBlockingQueue<>();
  private final StreamObserver<WriteContentRequest> requests;

  /// What came back.
  private sealed interface Answer {
    record Message(WriteContentResponse response) implements Answer {}

    record Failed(Throwable cause) implements Answer {}

    record Ended() implements Answer {}
  }

  private ContentWrite(Connection connection, Digest digest, String ref) {
    this.digest = digest;
    this.ref = ref;
    requests =
        connection
            .contentStreams()
            .write(
                new StreamObserver<>() {
                  @Override
                  public void onNext(WriteContentResponse response) {
                    answers.add(new Answer.Message(response));
                  }

                  @Override
                  public void onError(Throwable cause) {
                    answers.add(new Answer.Failed(cause));
                  }

                  @Override
                  public void onCompleted() {
                    answers.add(new Answer.Ended());
                  }
                });
  }

  /// Writes a blob; does nothing if the store has it.
  ///
  /// @param ref name of the unfinished write
  /// @param labels of the content; not taken if it is there already
  /// @param progress is told how many bytes are there
  /// @throws StatusRuntimeException if containerd refuses; what is there stays, to be gone on from
  static void put(
      Connection connection,
      Digest digest,
      String ref,
      Blob content,
      Map<String, String> labels,
      LongConsumer progress)
      throws IOException {
    try (ContentWrite write = new ContentWrite(connection, digest, ref)) {
      write.run(content, labels, progress);
    } catch (StatusRuntimeException e) {
      if (!Connection.isThere(e)) {
        throw e;
      }
    }
  }

  private void run(Blob content, Map<String, String> labels, LongConsumer progress)
      throws IOException {
    WriteContentResponse status =
        ask(
            WriteContentRequest.newBuilder()
                .setAction(WriteAction.STAT)
                .setRef(ref)
                .setTotal(content.size())
                .setExpected(digest.toString()));
    long offset = status.getOffset();
    if (offset < 0 || offset > content.size()) {
      throw new IOException(
          "%s: containerd has %d bytes of %d".formatted(digest, offset, content.size()));
    }
    try (InputStream in = content.open(new ByteRange(offset, content.size()))) {
      while (offset < content.size()) {
        byte[] bytes = in.readNBytes((int) Math.min(CHUNK, content.size() - offset));
        ask(
            WriteContentRequest.newBuilder()
                .setAction(WriteAction.WRITE)
                .setOffset(offset)
                .setData(UnsafeByteOperations.unsafeWrap(bytes)));
        offset += bytes.length;
        progress.accept(offset);
      }
    }
    ask(
        WriteContentRequest.newBuilder()
            .setAction(WriteAction.COMMIT)
            .setOffset(offset)
            .setTotal(content.size())
            .setExpected(digest.toString())
            .putAllLabels(labels));
  }

  private WriteContentResponse ask(WriteContentRequest.Builder request) throws IOException {
    requests.onNext(request.build());
    try {
      return switch (answers.take()) {
        case Answer.Message(WriteContentResponse response) -> response;
        case Answer.Failed(Throwable cause) ->
            throw Status.fromThrowable(cause).asRuntimeException();
        case Answer.Ended() -> throw new IOException(digest + ": containerd ended the write");
      };
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (InterruptedIOException) new InterruptedIOException("writing " + digest).initCause(e);
    }
  }

  @Override
  public void close() {
    requests.onError(Status.CANCELLED.asRuntimeException()); // says nothing after the end
  }
}
