package dev.asterism.bench.daemon;

import dev.asterism.testkit.process.Cleanup;
import dev.asterism.testkit.process.Command;
import dev.asterism.testkit.process.Daemon;
import dev.asterism.testkit.process.ScratchFolder;
import io.grpc.StatusRuntimeException;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.nio.NioIoHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// A daemon by itself, with nothing in it, asked over its socket as containerd does. Prepares may
/// come from several threads; everything else is confined to one.
final class DaemonNode implements AutoCloseable {
  private static final int TICKS = 100; // a second, USER_HZ of proc(5)

  private final Cleanup cleanup = Cleanup.open();
  private final Path folder;
  private final Path program;
  private final AtomicInteger numbers = new AtomicInteger();
  private final EventLoopGroup io = new MultiThreadIoEventLoopGroup(1, NioIoHandler.newFactory());
  private Daemon daemon;
  private DaemonClient client;

  private DaemonNode(Path program) throws IOException, InterruptedException {
    this.program = program;
    ScratchFolder scratch = ScratchFolder.create("asterism-bench-daemon-");
    folder = scratch.path();
    cleanup.add(scratch::close);
    cleanup.add(() -> io.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly());
    try {
      // Nothing is fetched that is not asked for: Prepare alone is measured.
      Files.writeString(folder.resolve("config.toml"), "no_background_fetch = true\n");
      daemon = start();
      client = connect();
    } catch (IOException | InterruptedException e) {
      cleanup.close();
      throw e;
    }
  }

  /// @param program `bin/asterism`
  static DaemonNode start(Path program) throws IOException, InterruptedException {
    return new DaemonNode(program);
  }

  private Path socket() {
    return folder.resolve("asterism.sock");
  }

  private Daemon start() throws IOException, InterruptedException {
    Daemon started =
        Daemon.start(
            Command.of(program.toString(), "daemon", "--unmount-on-exit")
                .with("--address", socket().toString())
                .with("--root", folder.resolve("root").toString())
                .with("--config", folder.resolve("config.toml").toString()),
            socket(),
            folder.resolve("daemon.log"));
    cleanup.add(started::close);
    return started;
  }

  private DaemonClient connect() throws IOException, InterruptedException {
    DaemonClient connected = new DaemonClient(socket(), io);
    cleanup.add(connected::close);
    return connected;
  }

  /// Asks for a layer as the only one of an image.
  ///
  /// @throws IOException if it is not taken lazily
  void prepare(Layers.Served layer) throws IOException {
    boolean lazy;
    try {
      lazy =
          client.prepare(
              "extract-" + numbers.incrementAndGet(),
              Map.of(
                  "containerd.io/snapshot.ref",
                  layer.digest().toString(),
                  "containerd.io/snapshot/cri.image-ref",
                  layer.image(),
                  "containerd.io/snapshot/cri.layer-digest",
                  layer.digest().toString(),
                  "containerd.io/snapshot/stargz/toc.digest",
                  layer.tocDigest().toString()));
    } catch (StatusRuntimeException e) {
      throw new IOException("layer " + layer.digest(), e);
    }
    if (!lazy) {
      throw new IOException(
          "layer %s was not taken lazily: %s".formatted(layer.digest(), lastWords()));
    }
  }

  private String lastWords() throws IOException {
    String log = Files.readString(folder.resolve("daemon.log"), StandardCharsets.UTF_8);
    return log.substring(Math.max(0, log.length() - 1000)).strip();
  }

  /// Returns how many snapshots there are.
  int list() {
    return client.list();
  }

  /// Ends the daemon without a warning.
  void kill() throws InterruptedException {
    client.close();
    daemon.kill();
  }

  /// Starts the next one, and waits until it takes connections.
  void restart() throws IOException, InterruptedException {
    daemon = start();
    client = connect();
  }

  /// Returns the daemon's resident memory, in bytes.
  long residentBytes() throws IOException {
    return status("VmRSS:");
  }

  /// Returns the part of that which is pages of files: the kernel takes those away when it needs
  /// them.
  long residentFileBytes() throws IOException {
    return status("RssFile:");
  }

  private long status(String field) throws IOException {
    Path status = Path.of("/proc/%d/status".formatted(daemon.pid()));
    for (String line : Files.readAllLines(status, StandardCharsets.ISO_8859_1)) {
      if (line.startsWith(field)) {
        return Long.parseLong(line.replaceAll("\\D", "")) << 10; // from KiB
      }
    }
    throw new IOException("no %s in %s".formatted(field, status));
  }

  /// Returns the processor time of the daemon, user's and kernel's: `utime` and `stime` of proc(5).
  Duration processorTime() throws IOException {
    String stat = Files.readString(Path.of("/proc/%d/stat".formatted(daemon.pid())));
    List<String> fields = List.of(stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1));
    long ticks = Long.parseLong(fields.get(11)) + Long.parseLong(fields.get(12));
    return Duration.ofMillis(ticks * 1000 / TICKS);
  }

  @Override
  public void close() throws IOException {
    cleanup.close();
  }
}
