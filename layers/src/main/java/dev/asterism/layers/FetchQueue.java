package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/// What is wanted over one link, and which range is asked for next.
///
/// Nothing here waits, runs or looks at a clock: time is given in nanoseconds, and whoever owns it
/// ([Link]) guards it with a lock. So a simulated link drives it in the tests.
///
/// Ranges are made when there is room for one, not when chunks are asked for: until then a chunk
/// may move to a more urgent class, be given up, or turn out to have come another way.
final class FetchQueue {
  /// Chunks that wait at most, those of reads not counted: their number is bounded by the callers.
  static final int MAX_QUEUED = 1 << 16;

  /// Requests at a time; below what the registry's client has connections for.
  static final int MAX_RUNNING = 24;

  /// Requests at a time with which one that nobody waits for may still begin, so that a read always
  /// finds a connection. As many small files, one request each, as a round trip has room for: with
  /// half of it the link was idle for a tenth of a start.
  static final int MAX_RUNNING_UNASKED = 16;

  /// The background waits for so long a silence of what is urgent.
  static final long QUIET = Duration.ofMillis(150).toNanos();

  /// A host from which nothing came for so long has nothing to be quiet for.
  private static final long SILENCE = Duration.ofSeconds(3).toNanos();

  /// For so long the background leaves a chunk to another link that has it on its way.
  private static final long BACKGROUND_PATIENCE = Duration.ofSeconds(5).toNanos();

  /// As the other, for what a start will need soon.
  private static final long PATIENCE = Duration.ofMillis(500).toNanos();

  /// How often it is looked for what has been left to another link for long enough.
  private static final long LOOK = Duration.ofMillis(50).toNanos();

  private final FetchPolicy policy;
  private final LinkMeter meter = new LinkMeter();
  private final RangeRules rules;
  private final Map<Want.Name, Want> active = new HashMap<>();

  /// In the order of asking; entries whose want has moved on are dropped when they come up.
  private final Map<FetchClass, Deque<Want>> queues = new EnumMap<>(FetchClass.class);

  /// What is queued of each layer, by chunk number: that is the order of the blob.
  private final Map<FetchTarget, NavigableMap<Integer, Want>> byLayer = new HashMap<>();

  private final UnderWay everywhere;

  /// What is left to other links, in no queue meanwhile.
  private final Map<Want.Name, Postponed> postponed = new HashMap<>();

  /// What has ended on other links since it was last looked at. Added to without the lock.
  private final Queue<Want.Name> released;

  private long looked;

  /// @param since when its turn had come
  private record Postponed(Want want, long since) {}

  /// What is under way: a few.
  private final List<Batch> batches = new ArrayList<>();

  private int queued;
  private int runningReads;
  private int runningUrgent;

  /// When a range last began, was answered, or brought something.
  private long moved;

  private long inFlight;

  /// @param everywhere what all links of the node have on their way
  /// @param released thread-safe: gets what has ended on other links, and is emptied here
  FetchQueue(FetchPolicy policy, UnderWay everywhere, Queue<Want.Name> released) {
    this.policy = policy;
    this.everywhere = everywhere;
    this.released = released;
    this.rules = new RangeRules(policy, meter);
    for (FetchClass each : FetchClass.values()) {
      queues.put(each, new ArrayDeque<>());
    }
  }

  LinkMeter meter() {
    return meter;
  }

  /// Returns bytes that were asked for and have not come.
  long inFlight() {
    return inFlight;
  }

  int running() {
    return batches.size();
  }

  /// Returns the ranges that are under way, a new list.
  List<FetchReport.Range> ranges() {
    return batches.stream()
        .map(batch ->
            new FetchReport.Range(
                batch.layer().digest(),
                batch.range().start(),
                batch.range().end(),
                batch.range().length() - batch.left(),
                batch.fetchClass()))
        .toList();
  }

  /// Returns how many chunks wait, those that are left to other links among them.
  int queued() {
    return queued + postponed.size();
  }

  /// Tells whether a chunk waits for what another link fetches.
  boolean isPostponed(Want.Name name) {
    return postponed.containsKey(name);
  }

  /// Returns for how long a chunk is left to another link since that has asked for it. What a read
  /// waits for, or will in a moment, is left to none.
  static long patience(FetchClass of) {
    return switch (of) {
      case READ, READAHEAD -> 0;
      case PREFETCH, LEARNED, GUESS -> PATIENCE;
      case BACKGROUND -> BACKGROUND_PATIENCE;
    };
  }

  /// Notes that a chunk has come over another link, or could not be had there. The one thing here
  /// that needs no lock.
  void release(Want.Name name) {
    released.add(name);
  }

  /// Tells whether a read, or what lies beside it, is being fetched or waits for its turn.
  boolean isUrgent() {
    return runningUrgent > 0
        || head(FetchClass.READ).isPresent()
        || head(FetchClass.READAHEAD).isPresent();
  }

  /// Tells whether nothing has begun or come for so long that the host is taken for dead.
  boolean isSilent(long now) {
    return now - moved > SILENCE;
  }

  int runningReads() {
    return runningReads;
  }

  /// Tells whether a chunk is queued or under way.
  boolean isActive(Want.Name name) {
    return active.containsKey(name);
  }

  /// Returns a layer's claim to a chunk, a new one or the one that it has; empty if the queue is
  /// full.
  Optional<Claim> claim(
      FetchTarget layer, LayerChunk chunk, Want.Name name, FetchClass fetchClass, long now) {
    Want known = active.get(name);
    if (known != null && !isHopeless(known, now)) {
      Claim claim =
          known
              .claimOf(layer, chunk)
              .orElseGet(() -> {
                Claim added = new Claim(layer, chunk, new Flight());
                known.claims().add(added);
                return added;
              });
      if (fetchClass.isBefore(known.fetchClass())) {
        raise(known, fetchClass);
      }
      return Optional.of(claim);
    }
    if (queued() >= MAX_QUEUED && fetchClass != FetchClass.READ) {
      return Optional.empty();
    }
    Claim claim = new Claim(layer, chunk, new Flight());
    Want want = new Want(name, claim, fetchClass);
    active.put(name, want);
    enqueue(want);
    return Optional.of(claim);
  }

  /// As the other, for a chunk that the store says it has and cannot give.
  void force(Want.Name name) {
    Want want = active.get(name);
    if (want != null) {
      want.force();
    }
  }

  /// Takes up a claim again whose chunk was thought to be here and is not.
  void reclaim(Want ended, Claim claim) {
    Want known = active.get(ended.name());
    if (known != null) {
      known.claims().add(claim);
      if (ended.fetchClass().isBefore(known.fetchClass())) {
        raise(known, ended.fetchClass());
      }
      return;
    }
    Want want = new Want(ended.name(), claim, ended.fetchClass());
    want.force();
    active.put(want.name(), want);
    enqueue(want);
  }

  /// Tells whether it has been under way for half of what anybody is patient for: who wants the
  /// chunk now asks again, and has the other half for that.
  private boolean isHopeless(Want want, long now) {
    return want.state() == Want.State.RUNNING
        && now - want.startedAt() > policy.patience().toNanos() / 2;
  }

  private void raise(Want want, FetchClass to) {
    if (want.state() == Want.State.RUNNING && to == FetchClass.READ) {
      want.join();
      want.batch().ifPresent(this::hurry);
    }
    want.raise(to);
    if (want.state() == Want.State.QUEUED) {
      queueOf(to).add(want);
    } else if (want.state() == Want.State.POSTPONED) {
      postponed.remove(want.name());
      enqueue(want);
    }
  }

  /// A range that a read joins counts as its own from now on: what nobody waits for gives way.
  private void hurry(Batch batch) {
    runningReads += batch.isRead() ? 0 : 1;
    runningUrgent += batch.isUrgent() ? 0 : 1;
    batch.hurry();
  }

  private Deque<Want> queueOf(FetchClass fetchClass) {
    return Objects.requireNonNull(queues.get(fetchClass));
  }

  private NavigableMap<Integer, Want> queuedOf(FetchTarget layer) {
    return byLayer.computeIfAbsent(layer, _ -> new TreeMap<>());
  }

  private void enqueue(Want want) {
    want.enter(Want.State.QUEUED);
    queueOf(want.fetchClass()).add(want);
    queuedOf(want.first().layer()).put(want.first().chunk().number(), want);
    queued++;
  }

  private void dequeue(Want want) {
    FetchTarget layer = want.first().layer();
    NavigableMap<Integer, Want> ofLayer = queuedOf(layer);
    ofLayer.remove(want.first().chunk().number(), want);
    if (ofLayer.isEmpty()) {
      byLayer.remove(layer);
    }
    queued--;
  }

  /// Queues again what was left to other links, if it has ended there or that takes too long. When
  /// its turn comes it is seen whether it is here.
  ///
  /// @return what is under way here and may have come another way now
  List<Want> takeUp(long now) {
    List<Want> running = new ArrayList<>();
    for (Want.Name name = released.poll(); name != null; name = released.poll()) {
      Want want = active.get(name);
      if (want != null && want.state() == Want.State.RUNNING) {
        running.add(want);
      } else if (postponed.remove(name) != null && want != null) {
        enqueue(want);
      }
    }
    if (!postponed.isEmpty() && now - looked >= LOOK) {
      looked = now;
      List<Want> late =
          postponed.values().stream()
              .filter(each -> now - each.since >= patience(each.want.fetchClass()))
              .map(Postponed::want)
              .toList();
      for (Want want : late) {
        postponed.remove(want.name());
        enqueue(want);
      }
    }
    return running;
  }

  private void postpone(Want want, long now) {
    dequeue(want);
    want.enter(Want.State.POSTPONED);
    postponed.put(want.name(), new Postponed(want, now));
  }

  private boolean mayBegin(Want want, long now) {
    return everywhere.begin(want, this, now, patience(want.fetchClass()));
  }

  /// Returns the next range to ask for, if there is room for one.
  ///
  /// @param quietSince when something urgent was last done on any link
  /// @param landed gets those whose turn had come and that are here already: they are over
  Optional<Batch> next(long now, long quietSince, Collection<Want> landed) {
    for (FetchClass each : FetchClass.values()) {
      for (Optional<Want> head = head(each); head.isPresent(); head = head(each)) {
        if (!mayStart(each, head.get(), now, quietSince)) {
          return Optional.empty(); // nor anything less urgent
        }
        List<Want> taken = take(head.get(), each, now, landed);
        if (!taken.isEmpty()) {
          return Optional.of(begin(taken, each, now));
        }
      }
    }
    return Optional.empty();
  }

  private Optional<Want> head(FetchClass of) {
    Deque<Want> queue = queueOf(of);
    while (!queue.isEmpty()) {
      Want head = queue.peek();
      if (head.state() == Want.State.QUEUED && head.fetchClass() == of) {
        return Optional.of(head);
      }
      queue.remove();
    }
    return Optional.empty();
  }

  /// A read may begin whenever there is a connection. What nobody waits for begins only while less
  /// is on its way than keeps the link busy: so much and no more stands before the next read.
  private boolean mayStart(FetchClass of, Want head, long now, long quietSince) {
    int running = batches.size();
    if (of == FetchClass.READ) {
      return running == 0
          || (running < MAX_RUNNING
              && inFlight + Batch.packed(head.first().chunk()) <= policy.maxInFlight());
    }
    boolean whole = head.first().layer().isWholesale();
    if (running >= MAX_RUNNING_UNASKED) {
      return false;
    }
    return switch (of) {
      case READ, READAHEAD -> inFlight < rules.depth(false);
      case PREFETCH, LEARNED, GUESS ->
          inFlight < (runningReads > 0 ? meter.product() : rules.depth(whole));
      case BACKGROUND ->
          runningUrgent == 0 && now - quietSince >= QUIET && inFlight < rules.depth(false);
    };
  }

  /// Takes out of the queue what goes into one range with `head`: from its member on, what is
  /// queued of its layer as far as the range may reach.
  ///
  /// A member is taken whole, so that every chunk of it can be had by inflating once; the first
  /// member is taken even if it is larger than a range should be. Behind it, the range ends before
  /// what is left to another link.
  private List<Want> take(Want head, FetchClass of, long now, Collection<Want> landed) {
    List<Want> taken = new ArrayList<>();
    if (hasLanded(head, landed)) {
      return taken;
    }
    if (!mayBegin(head, now)) {
      postpone(head, now);
      return taken;
    }
    FetchTarget layer = head.first().layer();
    long start = head.first().chunk().member().start();
    long limit = rules.limit(of, layer.isWholesale());
    long end = start;
    List<Want> between = new ArrayList<>();
    for (Want want : within(limit, start, fromMember(layer, head).values())) {
      LayerChunk chunk = want.first().chunk();
      if (chunk.member().start() != start && !mayJoin(of, want.fetchClass())) {
        between.add(want); // it comes along if the range goes on behind it
      } else if (!hasLanded(want, landed)) {
        if (!isWorthTheGap(layer, end, chunk.member().start())) {
          break;
        }
        between.add(want);
        for (Want next : between) {
          if (!hasLanded(next, landed)) {
            if (!mayBegin(next, now) && next.first().chunk().member().start() != start) {
              return taken;
            }
            dequeue(next);
            taken.add(next);
            end = Math.max(end, Batch.needed(next.first().chunk()));
          }
        }
        between.clear();
      }
    }
    return taken;
  }

  /// Returns the first wants, all of the first member among them, that end before a range's limit.
  private static List<Want> within(long limit, long start, Collection<Want> wants) {
    List<Want> within = new ArrayList<>();
    for (Want want : wants) {
      LayerChunk chunk = want.first().chunk();
      if (chunk.member().start() != start && Batch.needed(chunk) - start > limit) {
        break;
      }
      within.add(want);
    }
    return within;
  }

  /// Takes a want out of the queue whose chunk is here, and tells whether it is.
  private boolean hasLanded(Want want, Collection<Want> landed) {
    Claim claim = want.first();
    if (want.isForced() || !claim.layer().isHere(claim.chunk())) {
      return false;
    }
    dequeue(want);
    landed.add(want);
    end(want);
    return true;
  }

  private Map<Integer, Want> fromMember(FetchTarget layer, Want head) {
    NavigableMap<Integer, Want> ofLayer = queuedOf(layer);
    long start = head.first().chunk().member().start();
    int number = head.first().chunk().number();
    Map.Entry<Integer, Want> before = ofLayer.lowerEntry(number);
    while (before != null && before.getValue().first().chunk().member().start() == start) {
      number = before.getKey();
      before = ofLayer.lowerEntry(number);
    }
    return ofLayer.tailMap(number, true);
  }

  /// A read takes what lies beside it along, and nothing less urgent: its tail stands before the
  /// next read. The others take along whatever is at least as urgent.
  private static boolean mayJoin(FetchClass head, FetchClass other) {
    return head == FetchClass.READ ? other.isUrgent() : !head.isBefore(other);
  }

  /// Tells whether what lies between two members is rather downloaded and thrown away than the
  /// second asked for by itself. What is on its way is not downloaded twice.
  private boolean isWorthTheGap(FetchTarget layer, long from, long to) {
    return to <= from || (to - from <= rules.gap() && !isOnItsWay(layer, from, to));
  }

  private boolean isOnItsWay(FetchTarget layer, long from, long to) {
    return batches.stream()
        .anyMatch(batch ->
            batch.layer().equals(layer)
                && batch.range().start() < to
                && batch.range().end() > from);
  }

  private Batch begin(List<Want> taken, FetchClass of, long now) {
    long start = taken.getFirst().first().chunk().member().start();
    long end = start;
    for (Want want : taken) {
      end = Math.max(end, Batch.needed(want.first().chunk()));
    }
    Batch batch = new Batch(taken.getFirst().first().layer(), new ByteRange(start, end), taken, of);
    taken.forEach(want -> want.start(batch, now));
    batches.add(batch);
    inFlight += batch.left();
    runningReads += batch.isRead() ? 1 : 0;
    runningUrgent += batch.isUrgent() ? 1 : 0;
    moved = now;
    return batch;
  }

  /// Notes the time from a request to its answer.
  void answered(long nanos, long now) {
    moved = now;
    meter.answered(nanos, now);
  }

  /// Notes that bytes of a range have come.
  void arrived(Batch batch, long bytes, long now) {
    inFlight -= batch.arrived(bytes);
    moved = now;
    meter.arrived(bytes, now);
  }

  /// Notes that a chunk is where it belongs, or that it cannot be had.
  void end(Want want) {
    want.enter(Want.State.OVER);
    active.remove(want.name(), want);
    everywhere.end(want);
  }

  /// Takes the claim that a fetch has failed through out of a want, and queues it again if another
  /// layer lists the chunk. A read that joined what was begun before it came gets an attempt of its
  /// own.
  ///
  /// @return the claim whose readers get the error; empty if there is another attempt
  Optional<Claim> fail(Want want) {
    everywhere.end(want);
    if (want.takeJoined()) {
      tryAgain(want);
      return Optional.empty();
    }
    Claim failed = want.claims().removeFirst();
    if (want.claims().isEmpty()) {
      want.claims().add(failed);
      end(want);
    } else {
      tryAgain(want);
    }
    return Optional.of(failed);
  }

  /// Queues a want again. If it had been hopeless and somebody has asked anew since, who is left of
  /// it waits for that: one chunk is never queued twice.
  private void tryAgain(Want want) {
    Want newer = active.putIfAbsent(want.name(), want);
    if (newer == null || newer == want) {
      enqueue(want);
      return;
    }
    want.enter(Want.State.OVER);
    newer.claims().addAll(want.claims());
    if (want.isForced()) {
      newer.force();
    }
    if (want.fetchClass().isBefore(newer.fetchClass())) {
      raise(newer, want.fetchClass());
    }
  }

  /// Notes that a range has ended, well or not.
  void ended(Batch batch, long now) {
    inFlight -= batch.left();
    batches.remove(batch);
    runningReads -= batch.isRead() ? 1 : 0;
    runningUrgent -= batch.isUrgent() ? 1 : 0;
    if (batches.isEmpty()) {
      meter.idle(now);
    }
  }

  /// Takes out of the queue what only one layer wants and no read waits for.
  ///
  /// @return those that are over: whoever asked for them is to be told
  List<Want> cancel(FetchTarget layer) {
    return remove(want ->
        want.fetchClass() != FetchClass.READ
            && want.claims().stream().allMatch(claim -> claim.layer().equals(layer)));
  }

  /// Takes everything out of the queue.
  List<Want> clear() {
    return remove(_ -> true);
  }

  private List<Want> remove(Predicate<Want> which) {
    List<Want> removed =
        Stream.concat(
                byLayer.values().stream().flatMap(of -> of.values().stream()),
                postponed.values().stream().map(Postponed::want))
            .filter(which)
            .toList();
    for (Want want : removed) {
      if (postponed.remove(want.name()) == null) {
        dequeue(want);
      }
      end(want);
    }
    return removed;
  }
}
