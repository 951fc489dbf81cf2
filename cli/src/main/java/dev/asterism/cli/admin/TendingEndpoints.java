package dev.asterism.cli.admin;

import dev.asterism.cache.CleanOptions;
import dev.asterism.cache.StoreProgress;
import dev.asterism.cache.VerifyOptions;
import dev.asterism.cli.admin.client.FlatJson;
import dev.asterism.cli.cache.ContentJson;
import dev.asterism.cli.cache.LocalTending;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;

/// The requests that change the store or read all of it. One long work at a time; thread-safe.
final class TendingEndpoints {
  private static final long LONGEST_SECONDS = 315_360_000; // ten years

  private final LocalTending store;

  TendingEndpoints(LocalTending store) {
    this.store = store;
  }

  void clean(Request request, Response response) throws IOException {
    FlatJson body = request.json();
    long seconds = body.number("unusedForSeconds");
    if (seconds < 0 || seconds > LONGEST_SECONDS) {
      throw new BadRequestException("unusedForSeconds is " + seconds);
    }
    CleanOptions options = new CleanOptions(Duration.ofSeconds(seconds), body.flag("dryRun"));
    stream(response, progress -> store.clean(options, progress));
  }

  void verify(Request request, Response response) throws IOException {
    FlatJson body = request.json();
    VerifyOptions options = new VerifyOptions(body.flag("hashes"), body.flag("repair"));
    stream(response, progress -> store.verify(options, progress));
  }

  void pins(Request request, Response response) throws IOException {
    response.send(200, Response.JSON, store.pins() + "\n");
  }

  void pin(Request request, Response response) throws IOException {
    try {
      store.pin(request.image());
    } catch (IllegalArgumentException e) {
      throw new BadRequestException(e.getMessage() + "");
    }
    pins(request, response);
  }

  void unpin(Request request, Response response) throws IOException {
    store.unpin(request.image());
    pins(request, response);
  }

  /// What takes long, and says how far it is.
  private interface Work {
    String run(StoreProgress progress) throws IOException;
  }

  /// Sends how far the work is, then its report. A client that goes away ends it.
  private static void stream(Response response, Work work) throws IOException {
    response.begin(200, Response.JSON_LINES);
    try {
      String report = work.run((phase, done, total) -> send(response, phase, done, total));
      response.piece("{\"report\":%s}\n".formatted(report));
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private static void send(Response response, String phase, long done, long total) {
    try {
      response.piece(
          ContentJson.line(json -> {
            json.writeStartObject();
            json.writeStringProperty("phase", phase);
            json.writeNumberProperty("done", done);
            json.writeNumberProperty("total", total);
            json.writeEndObject();
          })
              + "\n");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
