package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import dev.asterism.content.MalformedLayerException;
import dev.asterism.content.Trace;
import dev.asterism.content.VerifiedChunk;
import dev.asterism.estargz.MemberReader;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// One range request: asks, inflates chunk by chunk as the bytes come, and hands each on at once,
/// while another thread reads ahead. Confined to its thread.
final class Transfer implements Runnable {
  private static final Logger LOGGER = System.getLogger(Transfer.class.getName());

  private final Link link;
  private final Scheduler scheduler;
  private final Batch batch;
  private final List<Want> wrong = new ArrayList<>();
  private int done;
  private boolean again;

  /// Bytes that have come.
  private final AtomicLong carried = new AtomicLong();

  /// Bytes that were asked for anew, because they were wrong.
  private long carriedAgain;

  private final long begin = System.nanoTime();
  private Optional<Duration> answered = Optional.empty();

  Transfer(Link link, Scheduler scheduler, Batch batch) {
    this.link = link;
    this.scheduler = scheduler;
    this.batch = batch;
  }

  @Override
  public void run() {
    boolean whole = false;
    Runnable served = batch.fetchClass().isUrgent() ? scheduler.unpacking().serve() : () -> {};
    try {
      traced();
      whole = true;
    } catch (IOException e) {
      failRest(e);
    } catch (RuntimeException e) {
      LOGGER.log(Level.ERROR, "bug while fetching range=" + batch.range(), e);
      failRest(new IOException("a bug while fetching: " + e, e));
    } catch (Error e) {
      failRest(new IOException("a bug while fetching: " + e, e));
      throw e;
    } finally {
      try {
        batch.layer().fetched(ended(whole));
      } finally {
        served.run();
        link.ended(batch);
      }
    }
  }

  private FetchedRange ended(boolean whole) {
    Duration took = Duration.ofNanos(System.nanoTime() - begin);
    return new FetchedRange(
        batch.range(),
        batch.fetchClass(),
        (whole ? batch.range().length() : carried.get()) + carriedAgain,
        answered.orElse(took),
        took,
        whole);
  }

  /// As a part of the first read that waits for it.
  private void traced() throws IOException {
    Optional<Trace.Place> reader =
        batch.wants().stream().flatMap(want -> want.first().reader().stream()).findFirst();
    boolean _ =
        Trace.at(
            reader,
            () ->
                Trace.span(
                    "fetch range",
                    attributes -> {
                      attributes
                          .set("asterism.layer", batch.layer().digest().toString())
                          .set("asterism.range.start", batch.range().start())
                          .set("asterism.range.end", batch.range().end())
                          .set("asterism.chunks", batch.wants().size());
                      fetch();
                      fetchWrongAgain();
                      return true;
                    }));
  }

  private void fetch() throws IOException {
    long asked = System.nanoTime();
    try (InputStream body =
        batch.layer().blob().open(batch.range(), () -> batch.broke(System.nanoTime()))) {
      long now = System.nanoTime();
      answered = Optional.of(Duration.ofNanos(now - begin));
      link.answered(now - asked);
      try (InputStream ahead = new AheadStream(new Counted(body), batch.range().length());
          MemberReader reader = new MemberReader(ahead, batch.range())) {
        decode(reader);
      }
    }
  }

  private void decode(MemberReader reader) throws IOException {
    long member = -1;
    for (; done < batch.wants().size(); done++) {
      Want want = batch.wants().get(done);
      Claim claim = want.first();
      LayerChunk chunk = claim.chunk();
      Runnable release = link.takeMemory(batch, chunk.size());
      Runnable unpacked = scheduler.unpacking().begin(batch::canWait);
      try {
        boolean first = chunk.member().start() != member;
        member = chunk.member().start();
        settle(want, claim, decode(reader, first, chunk));
        scheduler.memory().decoded(chunk.size());
      } catch (MalformedLayerException e) {
        distrust(want, e); // alone: the next member can still be read
      } finally {
        unpacked.run();
        release.run();
      }
    }
  }

  private byte[] decode(MemberReader reader, boolean first, LayerChunk chunk) throws IOException {
    if (first) {
      ByteRange member = chunk.member();
      reader.start(new ByteRange(member.start(), Math.min(member.end(), batch.range().end())));
    }
    return reader.read(chunk.innerOffset(), chunk.size());
  }

  private void settle(Want want, Claim claim, byte[] bytes) {
    FetchTarget layer = claim.layer();
    VerifiedChunk verified;
    try {
      verified =
          part(
              "verify",
              claim,
              attributes -> {
                attributes.set("asterism.bytes", bytes.length);
                return layer.verify(claim.chunk(), bytes);
              });
    } catch (IOException e) {
      distrust(want, e);
      return;
    }
    claim.flight().arrived(verified);
    claim
        .flight()
        .placed(part("link", claim, _ -> layer.place(claim.chunk(), verified, want.fetchClass())));
    layer.arrived(claim.chunk(), verified, want.fetchClass());
    link.came(want, claim);
  }

  /// A step with one chunk: recorded where a read waits for that, and not for the hundreds beside.
  private static <T, X extends Exception> T part(String name, Claim claim, Trace.Work<T, X> work)
      throws X {
    return claim.reader().isEmpty() ? Trace.untold(work) : Trace.span(name, work);
  }

  /// The bytes were not what the TOC says. Where another mirror may have the right ones, it is
  /// asked once.
  private void distrust(Want want, IOException cause) {
    if (!again && batch.layer().blob().distrust(want.first().chunk().member())) {
      wrong.add(want);
    } else {
      fail(want, cause);
    }
  }

  private void fetchWrongAgain() {
    again = true;
    for (Want want : wrong) {
      LayerChunk chunk = want.first().chunk();
      Runnable release = link.takeMemory(batch, chunk.size());
      try (InputStream body = batch.layer().blob().open(chunk.member());
          MemberReader reader = new MemberReader(body, chunk.member())) {
        carriedAgain += chunk.member().length();
        reader.start(chunk.member());
        settle(want, want.first(), reader.read(chunk.innerOffset(), chunk.size()));
        scheduler.memory().decoded(chunk.size());
      } catch (IOException e) {
        fail(want, e);
      } finally {
        release.run();
      }
    }
    wrong.clear();
  }

  private void fail(Want want, IOException cause) {
    Claim claim = want.first();
    claim.layer().failed(claim.chunk(), cause, want.fetchClass());
    link.failed(want, cause);
  }

  private void failRest(IOException cause) {
    for (; done < batch.wants().size(); done++) {
      fail(batch.wants().get(done), cause);
    }
    wrong.forEach(want -> fail(want, cause));
  }

  /// Tells the link what comes, and waits where a read goes first.
  private final class Counted extends FilterInputStream {
    Counted(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      link.giveWay(batch);
      int n = in.read(buffer, offset, length);
      if (n > 0) {
        batch.carried(carried.addAndGet(n), System.nanoTime());
        link.arrived(batch, n);
      }
      return n;
    }
  }
}
