package dev.asterism.registry;

import dev.asterism.content.SingleFlight;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;

/// Asks docker's credential helpers: programs `docker-credential-NAME` on the `PATH`.
///
/// By the protocol of docker-credential-helpers: the word `get`, the registry on standard input, a
/// JSON object with `Username` and `Secret` on standard output. A user named `<token>` means an
/// identity token. An answer is kept for five minutes, so that not each request runs a program, and
/// forgotten when a registry refuses it. Thread-safe.
final class CredentialHelper {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,63}");
  private static final int MAX_ANSWER = 1 << 20; // 1 MiB: tokens are some KiB
  private static final Duration KEPT = Duration.ofMinutes(5);
  private static final int MAX_KEPT = 1024;
  private static final String TOKEN_USER = "<token>";

  /// What a helper says that has nothing for a registry.
  private static final String NOT_FOUND = "credentials not found";

  private final Duration limit;
  private final InstantSource clock;
  private final String path;
  private final Map<Question, Answered> kept = new ConcurrentHashMap<>();
  private final SingleFlight<Question, Optional<Credential>> asking =
      new SingleFlight<>((_, ask) -> Thread.ofVirtual().name("credential-helper").start(ask));

  private record Question(String helper, String server) {}

  private record Answered(Optional<Credential> credential, Instant until) {}

  /// @param limit how long a helper may run
  /// @param path directories of programs, with colons between them, as in `PATH`
  CredentialHelper(Duration limit, InstantSource clock, String path) {
    this.limit = limit;
    this.clock = clock;
    this.path = path;
  }

  /// Returns what a helper has for a registry. The program runs once, however many ask meanwhile.
  ///
  /// @param helper what follows `docker-credential-` in the program's name
  /// @param server as docker names the registry
  /// @throws IOException if the program is not there, fails, takes too long or says too much;
  ///   nothing that it printed is in the message
  Optional<Credential> find(String helper, String server) throws IOException {
    Question question = new Question(helper, server);
    Answered known = kept.get(question);
    if (known != null && clock.instant().isBefore(known.until())) {
      return known.credential();
    }
    try {
      return asking.get(question, () -> askAndKeep(question)).get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IllegalStateException("a credential helper could not be asked", e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (InterruptedIOException) new InterruptedIOException(helper).initCause(e);
    }
  }

  private Optional<Credential> askAndKeep(Question question) throws IOException {
    Optional<Credential> credential = ask(question);
    if (kept.size() >= MAX_KEPT) {
      kept.clear();
    }
    kept.put(question, new Answered(credential, clock.instant().plus(KEPT)));
    return credential;
  }

  /// Asks anew the next time.
  void forget() {
    kept.clear();
  }

  private Optional<Credential> ask(Question question) throws IOException {
    if (!NAME.matcher(question.helper()).matches()) {
      throw new IOException("credential helper with an impossible name");
    }
    String program = "docker-credential-" + question.helper();
    Process process =
        new ProcessBuilder(find(program).toString(), "get").redirectError(Redirect.DISCARD).start();
    try {
      FutureTask<byte[]> output = new FutureTask<>(() -> talk(process, question.server()));
      Thread.ofVirtual().name("credential-helper-output").start(output);
      byte[] answer = output.get(limit.toNanos(), TimeUnit.NANOSECONDS);
      if (!process.waitFor(limit.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new TimeoutException();
      }
      return understand(program, answer, process.exitValue());
    } catch (TimeoutException _) {
      throw new IOException("%s does not end within %d s".formatted(program, limit.toSeconds()));
    } catch (ExecutionException e) {
      throw new IOException(program + " cannot be asked: " + e.getCause(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw (InterruptedIOException) new InterruptedIOException(program).initCause(e);
    } finally {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
    }
  }

  private Path find(String program) throws IOException {
    for (String directory : path.split(":", -1)) {
      Path file = Path.of(directory.isEmpty() ? "." : directory, program);
      if (Files.isExecutable(file)) {
        return file;
      }
    }
    throw new IOException(program + " is not on the PATH");
  }

  private static byte[] talk(Process process, String server) throws IOException {
    try (OutputStream in = process.getOutputStream()) {
      in.write(server.getBytes(StandardCharsets.UTF_8));
    } catch (IOException _) {
      // it ended without reading: its exit code tells more
    }
    try (InputStream out = process.getInputStream()) {
      return out.readNBytes(MAX_ANSWER + 1);
    }
  }

  private static Optional<Credential> understand(String program, byte[] answer, int exitCode)
      throws IOException {
    if (answer.length > MAX_ANSWER) {
      throw new IOException("%s says more than %d bytes".formatted(program, MAX_ANSWER));
    }
    if (exitCode != 0) {
      if (new String(answer, StandardCharsets.UTF_8).contains(NOT_FOUND)) {
        return Optional.empty();
      }
      throw new IOException("%s failed with exit code %d".formatted(program, exitCode));
    }
    JsonObject json = JsonObject.parse(program, answer);
    String user = json.string("Username").orElse("");
    String secret = json.string("Secret").orElse("");
    if (secret.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        user.equals(TOKEN_USER)
            ? new Credential.IdentityToken(secret)
            : new Credential.Basic(user, secret));
  }
}
