package dev.asterism.cli;

import dev.asterism.cli.admin.PageServer;
import dev.asterism.cli.admin.client.AdminClient;
import dev.asterism.cli.admin.client.AdminSocketOption;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `asterism ui`: a page about a running daemon, as long as this runs.
@Command(
    name = "ui",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Serves a page about a running daemon on loopback, until it is interrupted, and prints its",
      "address: images and layers, what is shared, what is being fetched. Whoever knows the address",
      "may look; nothing can be changed there."
    })
final class UiCommand implements Callable<Integer> {
  @Mixin private final AdminSocketOption socket = new AdminSocketOption();

  @Option(
      names = "--port",
      defaultValue = "0",
      description = "port on 127.0.0.1 (default: any that is free)")
  private int port;

  private static final int MOST = 65_535;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    if (port < 0 || port > MOST) {
      throw new ParameterException(
          spec.commandLine(), "--port is %d, not 0 to %d".formatted(port, MOST));
    }
    AdminClient daemon = socket.client();
    var _ = daemon.status(); // says at once if there is none
    InetSocketAddress address =
        new InetSocketAddress(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}), port);
    try (StopSignal stop = StopSignal.open();
        PageServer page = PageServer.start(address, daemon)) {
      PrintWriter out = spec.commandLine().getOut();
      out.println(page.address());
      out.flush();
      stop.await();
    }
    return ExitCode.OK;
  }
}
