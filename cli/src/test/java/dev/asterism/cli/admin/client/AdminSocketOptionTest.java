package dev.asterism.cli.admin.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdminSocketOptionTest {
  @Test
  void answering_firstIsThereAndNobodyListens_isTheOneThatAnswers(@TempDir Path folder)
      throws Exception {
    Path stale = Files.createFile(folder.resolve("stale.sock"));
    Path missing = folder.resolve("missing.sock");
    Path served = folder.resolve("served.sock");
    List<Path> all = List.of(stale, missing, served);

    assertThat(AdminSocketOption.answering(all)).isEqualTo(stale);
    try (ServerSocketChannel listener = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      listener.bind(UnixDomainSocketAddress.of(served));
      assertThat(AdminSocketOption.answering(all)).isEqualTo(served);
    }
  }
}
