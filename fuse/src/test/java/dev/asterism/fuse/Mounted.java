package dev.asterism.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.asterism.linux.Mounts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/// Real mounts for one test, and what keeps a hanging one from hanging the build: after the test,
/// passed, failed or timed out, every connection is aborted, every child killed, and nothing may be
/// left of either.
///
/// Skips the test where it cannot mount, unless the property `kernel.tests` is `required`.
final class Mounted implements BeforeEachCallback, AfterEachCallback {
  private static final String SUBTYPE = "asterism-test";

  private final List<FuseSession> sessions = new ArrayList<>();
  private final List<Child> children = new ArrayList<>();
  private final List<Path> directories = new ArrayList<>();

  @Override
  public void beforeEach(ExtensionContext context) {
    boolean able =
        Files.isWritable(Path.of("/dev/fuse")) && "root".equals(System.getProperty("user.name"));
    if (!"required".equals(System.getProperty("kernel.tests"))) {
      Assumptions.assumeTrue(able, "needs root and /dev/fuse");
    }
  }

  /// Mounts `fs` on a new directory.
  FuseSession mount(FileSystem fs) throws IOException {
    return mount(fs, FuseSession.Options.defaults());
  }

  FuseSession mount(FileSystem fs, FuseSession.Options options) throws IOException {
    FuseSession session = FuseSession.mount(directory(), SUBTYPE, fs, options);
    sessions.add(session);
    return session;
  }

  /// Makes a directory that goes with the test.
  Path directory() throws IOException {
    Path directory = Files.createTempDirectory("fuse-test").toRealPath();
    directories.add(directory);
    return directory;
  }

  /// Closes a session that the test made itself, after the test.
  FuseSession own(FuseSession session) {
    sessions.add(session);
    return session;
  }

  /// Starts a child process that lives no longer than the test.
  Child start(Object... command) throws IOException {
    Child child = Child.start(command);
    children.add(child);
    return child;
  }

  @Override
  public void afterEach(ExtensionContext context) throws Exception {
    for (FuseSession session : sessions) {
      session.close();
    }
    for (Child child : children) {
      child.close();
    }
    for (Path directory : directories) {
      assertThat(Mounts.find(directory)).isEmpty();
      Files.delete(directory);
    }
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("fuse." + SUBTYPE));
  }
}
