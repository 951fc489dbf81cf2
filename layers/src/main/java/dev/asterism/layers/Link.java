package dev.asterism.layers;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.asterism.content.Trace;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;

/// The way to one registry host: what is wanted from there, in the order of its urgency, and the
/// requests under way.
///
/// Each request has a virtual thread of its own, which nobody can interrupt: a reader that gives up
/// costs the others nothing. Hosts share nothing but the silence that the background waits for: a
/// dead one holds up no other. Thread-safe.
final class Link {
  private static final int UNIT = 1 << 10; // 1 KiB

  /// What nobody waits for is not read from the network for so long at a time while a read is
  /// served; then a little of it, so that no server takes us for dead.
  private static final long LONGEST_PAUSE = TimeUnit.MILLISECONDS.toNanos(250);

  private final Scheduler scheduler;
  private final ReentrantLock lock = new ReentrantLock();

  /// Signalled when no read is under way any more, or another batch is waited for.
  private final Condition calm = lock.newCondition();

  @GuardedBy("lock")
  private final FetchQueue queue;

  @GuardedBy("lock")
  private boolean closed;

  /// What has ended on other links, which this one left to them.
  private final Queue<Want.Name> released = new ConcurrentLinkedQueue<>();

  private final AtomicBoolean waking = new AtomicBoolean();

  /// Uncompressed bytes that reads, and all others, may have under way between the network and the
  /// store. Two, so that no read waits for what nobody reads.
  private final Semaphore readMemory;

  private final Semaphore otherMemory;
  private final int memoryUnits;

  Link(Scheduler scheduler, FetchPolicy policy) {
    this.scheduler = scheduler;
    this.queue = new FetchQueue(policy, scheduler.underWay(), released);
    this.memoryUnits = (int) Math.clamp(policy.maxInFlight() / 2 / UNIT, 1L, Integer.MAX_VALUE);
    this.readMemory = new Semaphore(memoryUnits, true);
    this.otherMemory = new Semaphore(memoryUnits, true);
  }

  /// Returns the flight of a chunk that a call waits for, and has chunks beside it fetched too.
  ///
  /// @param beside those that are likely to be read next; some may be here already
  /// @param forced whether to fetch it though the store says it has it
  Flight read(FetchTarget layer, LayerChunk chunk, List<LayerChunk> beside, boolean forced) {
    Flight flight;
    lock.lock();
    try {
      if (closed) {
        Flight over = new Flight();
        over.failed(stopping());
        return over;
      }
      long now = System.nanoTime();
      Want.Name name = layer.nameOf(chunk);
      Claim claim = queue.claim(layer, chunk, name, FetchClass.READ, now).orElseThrow();
      claim.readBy(Trace.current());
      flight = claim.flight();
      if (forced) {
        queue.force(name);
      }
      for (LayerChunk other : beside) {
        Optional<Claim> _ =
            queue.claim(layer, other, layer.nameOf(other), FetchClass.READAHEAD, now);
      }
      calm.signalAll();
    } finally {
      lock.unlock();
    }
    pump();
    return flight;
  }

  /// Has chunks fetched that nobody waits for.
  FetchTicket fetch(FetchTarget layer, List<LayerChunk> chunks, FetchClass fetchClass) {
    FetchTicket ticket = new FetchTicket();
    lock.lock();
    try {
      long now = System.nanoTime();
      for (LayerChunk chunk : chunks) {
        ticket.added();
        Optional<Claim> claim =
            closed
                ? Optional.empty()
                : queue.claim(layer, chunk, layer.nameOf(chunk), fetchClass, now);
        if (claim.isPresent()) {
          claim.get().tickets().add(ticket);
        } else {
          ticket.over(false);
        }
      }
    } finally {
      lock.unlock();
    }
    ticket.allAdded();
    pump();
    return ticket;
  }

  /// Tells whether a chunk is queued or under way.
  boolean isActive(Want.Name name) {
    lock.lock();
    try {
      return queue.isActive(name);
    } finally {
      lock.unlock();
    }
  }

  /// Tells whether a read, or what lies beside it, is being fetched or waits for its turn, and the
  /// host still answers.
  boolean isUrgent() {
    lock.lock();
    try {
      return queue.isUrgent() && !queue.isSilent(System.nanoTime());
    } finally {
      lock.unlock();
    }
  }

  /// Returns how many bytes the link carries in a round trip.
  long product() {
    lock.lock();
    try {
      return queue.meter().product();
    } finally {
      lock.unlock();
    }
  }

  /// Returns what is under way and what waits.
  ///
  /// @param host that the link leads to
  FetchReport report(String host) {
    lock.lock();
    try {
      return new FetchReport(host, queue.queued(), queue.ranges());
    } finally {
      lock.unlock();
    }
  }

  /// Gives up what is queued for one layer alone and no read waits for. What is under way is
  /// finished and kept.
  void cancel(FetchTarget layer) {
    List<Want> over;
    lock.lock();
    try {
      over = queue.cancel(layer);
    } finally {
      lock.unlock();
    }
    over.forEach(want -> tell(want.claims(), new IOException("given up before it was fetched")));
  }

  /// Starts what there is room for.
  void pump() {
    List<Batch> batches = new ArrayList<>();
    List<Want> landed = new ArrayList<>();
    List<Want> elsewhere;
    boolean waits;
    lock.lock();
    try {
      long now = System.nanoTime();
      elsewhere = queue.takeUp(now);
      Optional<Batch> next = nextUnlessClosed(now, landed);
      while (next.isPresent()) {
        if (next.get().fetchClass().isUrgent()) {
          scheduler.noteUrgent(now);
        }
        batches.add(next.get());
        next = nextUnlessClosed(now, landed);
      }
      waits = !closed && queue.queued() > 0 && queue.running() == 0;
    } finally {
      lock.unlock();
    }
    for (Batch batch : batches) {
      Thread.ofVirtual()
          .name("range " + batch.range())
          .start(() -> new Transfer(this, scheduler, batch).run());
    }
    landed.forEach(this::land);
    elsewhere.forEach(this::landEarly);
    if (waits && batches.isEmpty()) {
      pumpLater();
    }
  }

  @GuardedBy("lock")
  private Optional<Batch> nextUnlessClosed(long now, List<Want> landed) {
    return closed ? Optional.empty() : queue.next(now, scheduler.lastUrgent(), landed);
  }

  /// Only the background waits though nothing runs, until it has been quiet for long enough, and
  /// what is left to another link.
  private void pumpLater() {
    if (waking.compareAndSet(false, true)) {
      Thread.ofVirtual()
          .name("quiet")
          .start(() -> {
            LockSupport.parkNanos(FetchQueue.QUIET);
            waking.set(false);
            pump();
          });
    }
  }

  /// Does what is to be done now that chunks have ended on another link.
  void pumpReleased() {
    if (!released.isEmpty()) {
      pump();
    }
  }

  /// Hands out to reads a chunk that has come over another link while it is on its way here too.
  private void landEarly(Want want) {
    for (Claim claim : claims(want)) {
      try {
        if (want.fetchClass() == FetchClass.READ && claim.layer().isHere(claim.chunk())) {
          claim.layer().land(claim.chunk(), claim.flight());
        }
      } catch (IOException _) {
        // Then it comes from here.
      }
    }
  }

  /// Hands out a chunk that had come another way when its turn came.
  private void land(Want want) {
    for (Claim claim : claims(want)) {
      try {
        if (want.fetchClass() == FetchClass.READ) {
          claim.layer().land(claim.chunk(), claim.flight());
        }
        claim.tickets().forEach(ticket -> ticket.over(true));
      } catch (IOException _) {
        fetchAfterAll(want, claim); // the store has lost it, and has said so
      }
    }
  }

  private void fetchAfterAll(Want want, Claim claim) {
    List<Want> over;
    lock.lock();
    try {
      queue.reclaim(want, claim);
      over = overIfClosed();
    } finally {
      lock.unlock();
    }
    stop(over);
    pump();
  }

  private List<Claim> claims(Want want) {
    lock.lock();
    try {
      return List.copyOf(want.claims());
    } finally {
      lock.unlock();
    }
  }

  void answered(long nanos) {
    lock.lock();
    try {
      queue.answered(nanos, System.nanoTime());
    } finally {
      lock.unlock();
    }
  }

  void arrived(Batch batch, long bytes) {
    lock.lock();
    try {
      long now = System.nanoTime();
      queue.arrived(batch, bytes, now);
      if (!batch.canWait()) {
        scheduler.noteUrgent(now);
      }
    } finally {
      lock.unlock();
    }
    pump();
  }

  /// Holds up what nobody waits for while a read is under way, for a while: its bytes stay in the
  /// network.
  void giveWay(Batch batch) {
    if (!batch.canWait()) {
      return;
    }
    lock.lock();
    try {
      long left = LONGEST_PAUSE;
      while (left > 0 && batch.canWait() && queue.runningReads() > 0) {
        left = calm.awaitNanos(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody interrupts these threads; if so, go on
    } finally {
      lock.unlock();
    }
  }

  /// Waits until there is memory for a chunk.
  ///
  /// @return gives it back
  Runnable takeMemory(Batch batch, int size) {
    Semaphore memory = batch.canWait() ? otherMemory : readMemory;
    int units = Math.clamp(size / UNIT, 1, memoryUnits);
    memory.acquireUninterruptibly(units);
    return () -> memory.release(units);
  }

  /// Ends a want whose chunk has come: its flights are done for all who claim it.
  void came(Want want, Claim through) {
    List<Claim> claims;
    lock.lock();
    try {
      queue.end(want);
      claims = List.copyOf(want.claims());
    } finally {
      lock.unlock();
    }
    for (Claim claim : claims) {
      if (claim != through) {
        settleOther(claim, through, want.fetchClass());
      }
      claim.tickets().forEach(ticket -> ticket.over(true));
    }
    scheduler.pumpOthers(this);
  }

  /// Gives a chunk that came through one layer to another that lists it.
  private static void settleOther(Claim claim, Claim through, FetchClass wanted) {
    through
        .flight()
        .landedBytes()
        .ifPresent(bytes -> {
          claim.flight().arrived(bytes);
          claim.flight().placed(claim.layer().place(claim.chunk(), bytes, wanted));
        });
  }

  /// Ends a fetch that has failed: its readers get the error, those of another layer that lists the
  /// same chunk do not yet.
  void failed(Want want, IOException cause) {
    Optional<Claim> failed;
    List<Want> over;
    lock.lock();
    try {
      failed = queue.fail(want);
      over = overIfClosed();
    } finally {
      lock.unlock();
    }
    stop(over);
    tell(failed.stream().toList(), cause);
    scheduler.pumpOthers(this);
  }

  private static void tell(List<Claim> claims, IOException cause) {
    for (Claim claim : claims) {
      claim.flight().failed(cause);
      claim.tickets().forEach(ticket -> ticket.over(false));
    }
  }

  void ended(Batch batch) {
    lock.lock();
    try {
      queue.ended(batch, System.nanoTime());
      if (queue.runningReads() == 0) {
        calm.signalAll();
      }
    } finally {
      lock.unlock();
    }
    pump();
  }

  /// Begins nothing any more, and fails what waits for its turn. What is under way ends by itself.
  void close() {
    List<Want> over;
    lock.lock();
    try {
      closed = true;
      over = queue.clear();
    } finally {
      lock.unlock();
    }
    stop(over);
  }

  /// Takes out of the queue what came back to it after the end: nothing would ever begin it.
  @GuardedBy("lock")
  private List<Want> overIfClosed() {
    return closed ? queue.clear() : List.of();
  }

  private static void stop(List<Want> over) {
    over.forEach(want -> tell(want.claims(), stopping()));
  }

  private static IOException stopping() {
    return new IOException("the daemon is stopping");
  }
}
