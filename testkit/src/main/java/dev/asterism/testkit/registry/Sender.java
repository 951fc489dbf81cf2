package dev.asterism.testkit.registry;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/// Puts an answer on the wire as its [Plan] says. Confined to one thread.
final class Sender {
  private final Socket socket;
  private final OutputStream out;
  private final Gate gate;

  Sender(Socket socket, Gate gate) throws IOException {
    this.socket = socket;
    this.out = socket.getOutputStream();
    this.gate = gate;
  }

  /// Sends an answer.
  ///
  /// @param bodiless whether the request was HEAD
  /// @return whether the connection can serve another request
  boolean send(Plan plan, boolean bodiless, Traffic.Entry entry)
      throws IOException, InterruptedException {
    if (plan.ending == Plan.Ending.SILENT) {
      gate.awaitShutdown();
      return false;
    }
    Thread.sleep(plan.latency);
    byte[] before = plan.multipart ? partHead(plan) : new byte[0];
    byte[] after = plan.multipart ? partTail() : new byte[0];
    long length = before.length + (plan.end - plan.start) + after.length;
    long announced = Math.max(0, length + plan.lengthError);
    write(head(plan, announced));
    if (bodiless) {
      return true;
    }
    Body body = new Body(plan, Math.min(announced, plan.endingAfter), entry);
    body.bytes(before);
    body.content();
    body.bytes(after);
    return switch (plan.ending) {
      case COMPLETE -> {
        if (plan.chunked) {
          write(ascii("0\r\n\r\n"));
        }
        yield plan.lengthError == 0;
      }
      case STALL, SILENT -> {
        gate.awaitShutdown();
        yield false;
      }
      case CUT -> false;
      case RESET -> {
        socket.setSoLinger(true, 0); // close sends RST
        yield false;
      }
    };
  }

  private static byte[] head(Plan plan, long length) {
    StringBuilder head = new StringBuilder("HTTP/1.1 " + plan.status + " Test\r\n");
    plan.headers.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    if (plan.chunked) {
      head.append("Transfer-Encoding: chunked\r\n");
    } else if (!plan.headers.containsKey("Content-Length")) {
      head.append("Content-Length: " + length + "\r\n");
    }
    return ascii(head.append("\r\n").toString());
  }

  private static byte[] partHead(Plan plan) {
    return ascii(
        "\r\n--%s\r\nContent-Type: application/octet-stream\r\nContent-Range: %s\r\n\r\n"
            .formatted(Plan.BOUNDARY, plan.contentRange()));
  }

  private static byte[] partTail() {
    return ascii("\r\n--" + Plan.BOUNDARY + "--\r\n");
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.ISO_8859_1);
  }

  private void write(byte[] bytes) throws IOException, InterruptedException {
    gate.awaitOpen();
    out.write(bytes);
  }

  /// Sends the body piece by piece until as much is sent as is allowed.
  private final class Body {
    private final Plan plan;
    private final Traffic.Entry entry;
    private long allowed;

    Body(Plan plan, long allowed, Traffic.Entry entry) {
      this.plan = plan;
      this.allowed = allowed;
      this.entry = entry;
    }

    void content() throws IOException, InterruptedException {
      byte[] buffer = new byte[plan.piece];
      for (long offset = plan.start; offset < plan.end && allowed > 0; ) {
        int n = (int) Math.min(Math.min(buffer.length, plan.end - offset), allowed);
        plan.content.read(offset, buffer, n);
        long flipped = plan.flipped.orElse(-1);
        if (flipped >= offset && flipped < offset + n) {
          buffer[(int) (flipped - offset)] ^= (byte) 0xff;
        }
        piece(buffer, n);
        offset += n;
        if (plan.pause.compareTo(Duration.ZERO) > 0) {
          Thread.sleep(plan.pause);
        }
      }
    }

    void bytes(byte[] bytes) throws IOException, InterruptedException {
      piece(bytes, (int) Math.min(bytes.length, allowed));
    }

    private void piece(byte[] bytes, int length) throws IOException, InterruptedException {
      if (length == 0) {
        return;
      }
      gate.awaitOpen();
      entry.sending(length);
      allowed -= length;
      if (!plan.chunked) {
        out.write(bytes, 0, length);
        return;
      }
      ByteArrayOutputStream chunk = new ByteArrayOutputStream();
      chunk.writeBytes(ascii(Integer.toHexString(length) + "\r\n"));
      chunk.write(bytes, 0, length);
      chunk.writeBytes(ascii("\r\n"));
      out.write(chunk.toByteArray());
    }
  }
}
