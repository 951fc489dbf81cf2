package dev.asterism.registry;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.content.Blob;
import dev.asterism.content.ByteRange;
import dev.asterism.content.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/// A blob of a repository, read by range requests.
///
/// Thread-safe.
final class RemoteBlob implements Blob {
  private static final int MAX_SERVED = 64; // requests

  private final String name;
  private final Digest digest;
  private final long size;
  private final List<Source> sources;
  private final RequestPolicy policy;
  private final Standing standing;

  /// Who served what lately, for who finds it to be wrong.
  @GuardedBy("served")
  private final Deque<Served> served = new ArrayDeque<>();

  private RemoteBlob(
      String name,
      Digest digest,
      long size,
      List<Source> sources,
      RequestPolicy policy,
      Standing standing) {
    this.name = name;
    this.standing = standing;
    this.digest = digest;
    this.size = size;
    this.sources = sources;
    this.policy = policy;
  }

  private record Served(ByteRange range, Source source) {}

  /// One place that serves the blob.
  private record Source(Repository repository, Redirect redirect) {
    Answer ask(Digest digest, String method, Optional<ByteRange> range, Patience patience)
        throws IOException {
      return ask(
          digest,
          method,
          range
              .map(r -> Map.of("Range", "bytes=%d-%d".formatted(r.start(), r.end() - 1)))
              .orElse(Map.of()),
          patience);
    }

    private Answer ask(Digest digest, String method, Map<String, String> headers, Patience patience)
        throws IOException {
      return repository.ask(
          new Repository.Query(method, "blobs/" + digest, headers), redirect, patience);
    }

    /// Asks for the blob's last `length` bytes; empty if the answer is something else.
    Optional<Tail> tail(Digest digest, int length, Patience patience) throws IOException {
      try (Answer answer = ask(digest, "GET", Map.of("Range", "bytes=-" + length), patience)) {
        Optional<ContentRange> told =
            answer.status() == 206
                ? answer.header("Content-Range").flatMap(ContentRange::parse)
                : Optional.empty();
        if (told.isEmpty() || told.get().range().isEmpty() || told.get().size().isEmpty()) {
          return Optional.empty();
        }
        long size = told.get().size().getAsLong();
        ByteRange range = told.get().range().get();
        if (range.end() != size
            || range.length() != Math.min(length, size)
            || answer.contentLength().orElse(range.length()) != range.length()) {
          return Optional.empty();
        }
        byte[] bytes = answer.readNBytes((int) range.length());
        patience.arrived(bytes.length);
        return bytes.length == range.length()
            ? Optional.of(new Tail(size, bytes, this))
            : Optional.empty();
      } catch (RegistryException e) {
        if (isUnknown(e.status().orElse(0))) {
          return Optional.empty();
        }
        throw e;
      }
    }

    /// How servers say that they do not know ranges that count from the end.
    private static boolean isUnknown(int status) {
      return status == 400 || status == 501;
    }

    /// Finds the blob's size without ever reading the blob: by a range of one byte, since some
    /// services behind registries refuse HEAD, then by HEAD.
    long size(Digest digest, Patience patience) throws IOException {
      try (Answer answer = ask(digest, "GET", Optional.of(new ByteRange(0, 1)), patience)) {
        OptionalLong size =
            switch (answer.status()) {
              case 200 -> answer.contentLength();
              case 206, 416 ->
                  answer
                      .header("Content-Range")
                      .flatMap(ContentRange::parse)
                      .map(ContentRange::size)
                      .orElse(OptionalLong.empty());
              default -> OptionalLong.empty();
            };
        if (size.isPresent()) {
          return size.getAsLong();
        }
      }
      try (Answer answer = ask(digest, "HEAD", Optional.empty(), patience)) {
        return answer
            .contentLength()
            .orElseThrow(
                () -> RegistryException.unusable(answer.what(), "the registry names no size"));
      }
    }
  }

  /// Opens a blob of the repository `name` that `repositories` serve, in order of preference. Asks
  /// for one byte if the size is not known.
  static RemoteBlob open(
      String name,
      Digest digest,
      OptionalLong size,
      List<Repository> repositories,
      RequestPolicy policy,
      Standing standing)
      throws IOException {
    List<Source> sources = repositories.stream().map(r -> new Source(r, new Redirect())).toList();
    RemoteBlob unsized = new RemoteBlob(name, digest, 0, sources, policy, standing);
    return new RemoteBlob(
        name,
        digest,
        size.isPresent() ? size.getAsLong() : unsized.findSize(),
        sources,
        policy,
        standing);
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public InputStream open(ByteRange range) throws IOException {
    return open(range, () -> {});
  }

  @Override
  public InputStream open(ByteRange range, Runnable again) throws IOException {
    if (range.end() > size) {
      throw new IllegalArgumentException(
          "%s reaches beyond the %d bytes of %s".formatted(range, size, digest));
    }
    return range.isEmpty()
        ? InputStream.nullInputStream()
        : RangeStream.open(this, range, policy, again);
  }

  /// Asks for `range` once, each source in turn until one answers.
  RangeAnswer ask(ByteRange range, Patience patience) throws IOException {
    RangeAnswer.Wanted wanted = new RangeAnswer.Wanted(range, size, policy.maxSkip());
    return first(source -> {
      Answer answer = source.ask(digest, "GET", Optional.of(range), patience);
      RangeAnswer found = RangeAnswer.of(answer, wanted, patience);
      noteServed(new Served(range, source));
      return found;
    });
  }

  private <T> T first(FirstOf.Question<Source, T> question) throws IOException {
    return FirstOf.each(sources, standing, Source::repository, question);
  }

  private void noteServed(Served newest) {
    if (sources.size() > 1) {
      synchronized (served) {
        served.addFirst(newest);
        if (served.size() > MAX_SERVED) {
          served.removeLast();
        }
      }
    }
  }

  /// Notes that whoever served `position` last did not give it whole: the others come first now.
  void broke(long position, IOException failure) {
    find(position).ifPresent(source -> standing.failed(source.repository(), failure));
  }

  @Override
  public boolean distrust(ByteRange range) {
    Optional<Source> liar = find(range.start());
    liar.ifPresent(source -> standing.lied(source.repository()));
    return liar.isPresent();
  }

  private Optional<Source> find(long position) {
    synchronized (served) {
      return served.stream()
          .filter(one -> one.range().start() <= position && position < one.range().end())
          .map(Served::source)
          .findFirst();
    }
  }

  /// Opens a blob of unknown size with its last bytes, by one request for both. A server that does
  /// not know how to answer that is asked for the size alone: the tail is read when it is needed.
  ///
  /// @param length bytes of the tail; a shorter blob comes whole
  static Blob openWithTail(
      String name,
      Digest digest,
      int length,
      List<Repository> repositories,
      RequestPolicy policy,
      Standing standing)
      throws IOException {
    List<Source> sources = repositories.stream().map(r -> new Source(r, new Redirect())).toList();
    RemoteBlob unsized = new RemoteBlob(name, digest, 0, sources, policy, standing);
    Optional<Tail> tail =
        unsized.asking((source, patience) -> source.tail(digest, length, patience));
    if (tail.isEmpty()) {
      return new RemoteBlob(name, digest, unsized.findSize(), sources, policy, standing);
    }
    Tail end = tail.get();
    RemoteBlob sized = new RemoteBlob(name, digest, end.size(), sources, policy, standing);
    sized.noteServed(
        new Served(new ByteRange(end.size() - end.bytes().length, end.size()), end.from()));
    return new TailedBlob(sized, end.bytes());
  }

  /// The end of a blob, and the size of the whole.
  @SuppressWarnings("ArrayRecordComponent") // made and read here, compared nowhere
  private record Tail(long size, byte[] bytes, Source from) {}

  /// One question to one source.
  private interface Question<T> {
    T ask(Source source, Patience patience) throws IOException;
  }

  /// Asks each source in turn until one answers, again as often as the policy says.
  private <T> T asking(Question<T> question) throws IOException {
    Patience patience = new Patience(policy.patience());
    patience.enter();
    try {
      return new Retry(policy, patience).run(() -> first(source -> question.ask(source, patience)));
    } finally {
      patience.leave();
    }
  }

  private long findSize() throws IOException {
    return asking((source, patience) -> source.size(digest, patience));
  }

  @Override
  public String toString() {
    return "blob %s of %s".formatted(digest, name);
  }
}
