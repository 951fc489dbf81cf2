package dev.asterism.cli.admin.client;

import java.io.BufferedInputStream;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/// Asks a running daemon, over its admin socket: the least of HTTP/1.1 that it speaks
/// (docs/admin.md). Thread-safe; a connection for each request.
public final class AdminClient {
  private static final int MAX_LINE = 1 << 20; // 1 MiB: a line of a streamed answer
  private static final int MAX_BODY = 256 << 20; // 256 MiB: an export of a very large store

  private final Path socket;
  private final int longest;

  /// @param socket where the daemon listens, if one runs
  public AdminClient(Path socket) {
    this(socket, MAX_BODY);
  }

  /// @param longest answer that is taken whole, in bytes
  AdminClient(Path socket, int longest) {
    this.socket = socket;
    this.longest = longest;
  }

  /// Tells whether somebody answers.
  public boolean isServed() {
    if (!Files.exists(socket)) {
      return false;
    }
    try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      return channel.isConnected();
    } catch (IOException _) {
      return false;
    }
  }

  /// Returns the body of an answer.
  ///
  /// @throws IOException if the daemon cannot be reached, or says that it could not
  public String get(String path) throws IOException {
    return request("GET", path, "");
  }

  /// Sends a JSON document and returns the body of the answer.
  ///
  /// @throws IOException if the daemon cannot be reached, or says that it could not
  public String post(String path, String body) throws IOException {
    return request("POST", path, body);
  }

  /// Returns what the daemon says of itself.
  ///
  /// @throws IOException if it cannot be reached
  public FlatJson status() throws IOException {
    return FlatJson.parse(get("/v1/status"));
  }

  private String request(String method, String path, String body) throws IOException {
    StringBuilder answer = new StringBuilder();
    exchange(
        method,
        path,
        body,
        in -> {
          byte[] bytes = in.readNBytes(longest);
          if (bytes.length == longest && in.read() >= 0) {
            throw new IOException(
                "the daemon's answer to %s is longer than %d bytes".formatted(path, longest));
          }
          answer.append(new String(bytes, StandardCharsets.UTF_8));
        });
    return answer.toString();
  }

  /// Sends a JSON document and hands on the lines of the answer as they come.
  ///
  /// @throws IOException if the daemon cannot be reached, says that it could not, or ends within a
  ///   line
  public void stream(String path, String body, Consumer<String> line) throws IOException {
    exchange(
        "POST",
        path,
        body,
        in -> {
          BufferedReader lines =
              new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
          for (Optional<String> next = readLine(lines); next.isPresent(); next = readLine(lines)) {
            line.accept(next.get());
          }
        });
  }

  private static Optional<String> readLine(Reader in) throws IOException {
    StringBuilder line = new StringBuilder();
    for (int c = in.read(); c != '\n'; c = in.read()) {
      if (c < 0) {
        if (line.isEmpty()) {
          return Optional.empty();
        }
        throw new EOFException("the daemon ended within a line");
      }
      if (line.length() == MAX_LINE) {
        throw new IOException("the daemon's line is longer than %d bytes".formatted(MAX_LINE));
      }
      line.append((char) c);
    }
    return Optional.of(line.toString());
  }

  private interface BodyReader {
    void read(InputStream body) throws IOException;
  }

  private void exchange(String method, String path, String body, BodyReader reader)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    String head =
        "%s %s HTTP/1.1\r\nHost: asterism\r\nConnection: close\r\nContent-Length: %d\r\n\r\n"
            .formatted(method, path, bytes.length);
    try (SocketChannel channel = connect()) {
      ByteBuffer request =
          ByteBuffer.allocate(head.length() + bytes.length)
              .put(head.getBytes(StandardCharsets.US_ASCII))
              .put(bytes)
              .flip();
      while (request.hasRemaining()) {
        channel.write(request);
      }
      InputStream in = new BufferedInputStream(Channels.newInputStream(channel));
      Head answer = Head.read(in);
      InputStream content = answer.chunked() ? new ChunkedBody(in) : in;
      if (answer.status() != 200) {
        throw new IOException(
            "the daemon says %d: %s"
                .formatted(
                    answer.status(),
                    AdminJson.error(
                        new String(content.readNBytes(MAX_LINE), StandardCharsets.UTF_8))));
      }
      reader.read(content);
    }
  }

  private SocketChannel connect() throws IOException {
    try {
      return SocketChannel.open(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      throw new IOException(
          "no daemon answers on %s (%s); --admin-address names another socket"
              .formatted(socket, e.getMessage()),
          e);
    }
  }

  /// The first lines of an answer. Immutable.
  private record Head(int status, boolean chunked) {
    static Head read(InputStream in) throws IOException {
      String[] words = line(in).split(" ", 3);
      if (words.length < 2 || !words[0].startsWith("HTTP/1.") || !words[1].matches("\\d{3}")) {
        throw new IOException("what answers is no admin socket: " + words[0]);
      }
      boolean chunked = false;
      for (String header = line(in); !header.isEmpty(); header = line(in)) {
        String low = header.toLowerCase(Locale.ROOT);
        chunked |= low.startsWith("transfer-encoding:") && low.contains("chunked");
      }
      return new Head(Integer.parseInt(words[1]), chunked);
    }
  }

  static String line(InputStream in) throws IOException {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    for (int b = in.read(); b != '\n'; b = in.read()) {
      if (b < 0 || line.size() > MAX_LINE) {
        throw new EOFException("the daemon ended its answer too soon");
      }
      line.write(b);
    }
    return line.toString(StandardCharsets.US_ASCII).stripTrailing();
  }
}
