package dev.asterism.layers;

import dev.asterism.content.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A chunk that is to be fetched or is being fetched, once, for whoever lists it. Guarded by the
/// lock of the [Link].
///
/// It is fetched through the layer of its first claim; if that fails, through the next one's.
final class Want {
  /// What makes two chunks one: the digest and size of a verified one, else its place in its layer.
  ///
  /// @param number of the chunk in its layer; -1 for a digest of content
  record Name(Digest digest, int number, int size) {
    private static final int CONTENT = -1;

    /// Tells whether other layers' chunks may be the same.
    boolean isContent() {
      return number == CONTENT;
    }

    static Name of(FetchTarget layer, LayerChunk chunk, boolean verified) {
      Optional<Digest> content = verified ? chunk.digest() : Optional.empty();
      return content
          .map(digest -> new Name(digest, CONTENT, chunk.size()))
          .orElseGet(() -> new Name(layer.digest(), chunk.number(), chunk.size()));
    }
  }

  /// How far it is.
  enum State {
    QUEUED,
    /// Another link has it on its way.
    POSTPONED,
    RUNNING,
    OVER
  }

  private final Name name;
  private final List<Claim> claims = new ArrayList<>(1);
  private volatile FetchClass fetchClass;
  private State state = State.QUEUED;
  private Optional<Batch> batch = Optional.empty();
  private long startedAt;

  /// Whether a read has joined what was begun for nobody: it has not had an attempt of its own.
  private boolean joined;

  /// Whether the store was asked in vain: then it is fetched, whatever the store says.
  private boolean forced;

  Want(Name name, Claim first, FetchClass fetchClass) {
    this.name = name;
    this.fetchClass = fetchClass;
    claims.add(first);
  }

  Name name() {
    return name;
  }

  /// Returns the claim that it is fetched through.
  Claim first() {
    return claims.getFirst();
  }

  List<Claim> claims() {
    return claims;
  }

  /// Returns the claim of a layer's chunk, if there is one.
  Optional<Claim> claimOf(FetchTarget layer, LayerChunk chunk) {
    for (Claim claim : claims) {
      if (claim.layer().equals(layer) && claim.chunk().number() == chunk.number()) {
        return Optional.of(claim);
      }
    }
    return Optional.empty();
  }

  /// Returns the most urgent reason for it. May be read without the lock.
  FetchClass fetchClass() {
    return fetchClass;
  }

  void raise(FetchClass to) {
    fetchClass = to;
  }

  State state() {
    return state;
  }

  void enter(State next) {
    state = next;
  }

  /// Notes that it is being fetched.
  void start(Batch within, long now) {
    state = State.RUNNING;
    batch = Optional.of(within);
    startedAt = now;
    claims.forEach(claim -> claim.flight().course().asked(now));
  }

  /// Returns the range that brought it last, or brings it.
  Optional<Batch> batch() {
    return batch;
  }

  /// Returns when that range was asked for.
  long startedAt() {
    return startedAt;
  }

  /// Notes that a read waits for it that did not begin it.
  void join() {
    joined = true;
  }

  /// Tells whether a read is owed an attempt of its own, once.
  boolean takeJoined() {
    boolean was = joined;
    joined = false;
    return was;
  }

  boolean isForced() {
    return forced;
  }

  void force() {
    forced = true;
  }
}
