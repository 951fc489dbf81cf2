package dev.asterism.cli.cache;

import dev.asterism.cache.CleanOptions;
import dev.asterism.cache.StoreProgress;
import dev.asterism.cache.VerifyOptions;
import dev.asterism.cli.admin.client.AdminClient;
import dev.asterism.cli.admin.client.FlatJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Has a running daemon tend its store.
final class DaemonTending implements Tending {
  private static final String ERROR = "!"; // before the reason, where the report would stand
  private static final String REPORT = "{\"report\":";

  private final AdminClient daemon;

  DaemonTending(AdminClient daemon) {
    this.daemon = daemon;
  }

  @Override
  public String clean(CleanOptions options, StoreProgress progress) throws IOException {
    return work(
        "/v1/cache/clean",
        ContentJson.line(json -> {
          json.writeStartObject();
          json.writeBooleanProperty("dryRun", options.dryRun());
          json.writeNumberProperty("unusedForSeconds", options.unusedFor().toSeconds());
          json.writeEndObject();
        }),
        progress);
  }

  @Override
  public String verify(VerifyOptions options, StoreProgress progress) throws IOException {
    return work(
        "/v1/cache/verify",
        ContentJson.line(json -> {
          json.writeStartObject();
          json.writeBooleanProperty("hashes", options.hashes());
          json.writeBooleanProperty("repair", options.repair());
          json.writeEndObject();
        }),
        progress);
  }

  /// Returns the report in the last line, having shown the others.
  private String work(String path, String body, StoreProgress progress) throws IOException {
    List<String> last = new ArrayList<>();
    daemon.stream(
        path,
        body,
        line -> {
          Optional<String> report = report(line);
          if (report.isPresent()) {
            last.add(report.get());
          } else {
            show(line, progress, last);
          }
        });
    if (last.isEmpty()) {
      throw new IOException("the daemon ended before it was done");
    }
    if (last.getFirst().startsWith(ERROR)) {
      throw new IOException("the daemon says: " + last.getFirst().substring(ERROR.length()));
    }
    return last.getFirst();
  }

  private static Optional<String> report(String line) {
    return line.startsWith(REPORT) && line.endsWith("}")
        ? Optional.of(line.substring(REPORT.length(), line.length() - 1))
        : Optional.empty();
  }

  private static void show(String line, StoreProgress progress, List<String> last) {
    try {
      FlatJson said = FlatJson.parse(line);
      Optional<String> error = said.text("error");
      if (error.isPresent()) {
        last.add(ERROR + error.get());
      } else {
        progress.at(said.text("phase").orElse(""), said.number("done"), said.number("total"));
      }
    } catch (IOException e) {
      last.add(ERROR + e.getMessage());
    }
  }

  @Override
  public void pin(String image) throws IOException {
    daemon.post("/v1/cache/pin", imageBody(image));
  }

  @Override
  public void unpin(String image) throws IOException {
    daemon.post("/v1/cache/unpin", imageBody(image));
  }

  private static String imageBody(String image) {
    return ContentJson.line(json -> {
      json.writeStartObject();
      json.writeStringProperty("image", image);
      json.writeEndObject();
    });
  }

  @Override
  public String pins() throws IOException {
    return daemon.get("/v1/cache/pins");
  }
}
