package dev.asterism.cli.admin;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.codec.http.QueryStringDecoder;
import io.netty.handler.timeout.ReadTimeoutException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;

/// Takes the one request of a connection, has it answered on a virtual thread, and closes.
///
/// The event loop never waits: only the request's thread does, for its client to take what it
/// wrote. So nothing is kept for a client that does not read but the piece it was given.
final class RequestHandler extends SimpleChannelInboundHandler<FullHttpRequest> {
  /// The name of the handler that ends a connection whose request does not come.
  static final String TIMEOUT = "request timeout";

  private static final Logger LOGGER = System.getLogger(RequestHandler.class.getName());

  private final Routes routes;
  private boolean taken; // confined to the event loop

  RequestHandler(Routes routes) {
    this.routes = routes;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext context, FullHttpRequest message) {
    if (taken) {
      return; // a second one was sent along: the answer to the first says that there is none
    }
    taken = true;
    var _ = context.pipeline().remove(TIMEOUT);
    Answer answer = new Answer(context);
    if (message.decoderResult().isFailure()) {
      Thread.startVirtualThread(() -> malformed(answer, context));
      return;
    }
    Request request =
        new Request(
            message.method().name(),
            new QueryStringDecoder(message.uri()).path(),
            message.content().toString(StandardCharsets.UTF_8));
    Thread.ofVirtual().name("admin " + request.path()).start(() -> serve(request, answer, context));
  }

  private void serve(Request request, Answer answer, ChannelHandlerContext context) {
    try {
      routes.serve(request, answer);
      answer.end();
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "admin client gone path={0}", request.path());
    } finally {
      var _ = context.close();
    }
  }

  private static void malformed(Answer answer, ChannelHandlerContext context) {
    try {
      answer.send(400, Response.JSON, Routes.error("not an HTTP request that is understood here"));
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "admin client gone before its error", e);
    } finally {
      var _ = context.close();
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!(cause instanceof ReadTimeoutException || cause instanceof IOException)) {
      LOGGER.log(Level.WARNING, "admin connection failed", cause);
    }
    var _ = context.close();
  }

  /// Writes to the connection and waits. Confined to one thread.
  private static final class Answer implements Response {
    private final ChannelHandlerContext context;
    private boolean begun;
    private boolean ended;

    Answer(ChannelHandlerContext context) {
      this.context = context;
    }

    @Override
    public void send(int status, String type, String body) throws IOException {
      if (begun) {
        piece(body); // the status is out: the last piece says what went wrong
        return;
      }
      begun = true;
      ended = true;
      DefaultFullHttpResponse message =
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status), bytes(body));
      head(message, type);
      HttpUtil.setContentLength(message, message.content().readableBytes());
      write(message);
    }

    @Override
    public void begin(int status, String type) throws IOException {
      begun = true;
      HttpResponse message =
          new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(status));
      head(message, type);
      HttpUtil.setTransferEncodingChunked(message, true);
      write(message);
    }

    @Override
    public void piece(String text) throws IOException {
      write(new DefaultHttpContent(bytes(text)));
    }

    void end() throws IOException {
      if (begun && !ended) {
        ended = true;
        write(LastHttpContent.EMPTY_LAST_CONTENT);
      }
    }

    private static void head(HttpResponse message, String type) {
      message
          .headers()
          .set(HttpHeaderNames.CONTENT_TYPE, type)
          .set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE)
          .set(HttpHeaderNames.CACHE_CONTROL, HttpHeaderValues.NO_STORE);
    }

    private static ByteBuf bytes(String text) {
      return Unpooled.copiedBuffer(text, StandardCharsets.UTF_8);
    }

    private void write(Object message) throws IOException {
      ChannelFuture written = context.writeAndFlush(message);
      var _ = written.addListener(ChannelFutureListener.CLOSE_ON_FAILURE);
      written.awaitUninterruptibly();
      if (!written.isSuccess()) {
        throw new ClientGoneException("the client is gone", written.cause());
      }
    }
  }
}
