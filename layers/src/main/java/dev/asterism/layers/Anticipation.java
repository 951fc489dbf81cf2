package dev.asterism.layers;

import dev.asterism.content.ByteRange;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/// What is fetched of one mounted layer because something of it is used: what lies beside that in
/// the blob ([Readahead]), what programs need ([Libraries]), what is guessed ([Guesses]), and at
/// last everything, where everything is read. Thread-safe.
final class Anticipation {
  /// Chunks that one use has fetched beside it at most.
  private static final int MAX_BESIDE = 4096;

  /// Chunks that are queued at a time where a whole layer is fetched.
  private static final int SLICE = 8192;

  private final LayerContent content;
  private final ChunkTable table;
  private final Readahead readahead;

  /// The same where the image has put what a start needs, in the order of its use: that it is used
  /// so says nothing of the rest.
  private final Readahead readaheadOfMarked;

  private final Guesses guesses;
  private final Mentions mentions;
  private final Uses uses;
  private final Walk walk = new Walk();
  private final AtomicBoolean wholesale = new AtomicBoolean();

  /// Where that ends in the blob.
  private volatile long marked;

  Anticipation(LayerContent content) {
    this.content = content;
    this.table = content.table();
    this.readahead = new Readahead(content.shared().policy(), table.chunks());
    this.readaheadOfMarked = new Readahead(content.shared().policy(), table.chunks());
    this.mentions = new Mentions(content);
    this.guesses = new Guesses(content, table, mentions);
    this.uses = new Uses(table.chunks());
  }

  /// Notes that the image says that a start needs what lies before a compressed offset of the blob.
  void noteMarked(long offset) {
    marked = offset;
  }

  /// Notes what an earlier start used of the layer, and this one will. That start's record names
  /// all of it: so what such a chunk needs, names or lies beside is not asked for because of it.
  void noteLearned(List<LayerChunk> chunks) {
    uses.learn(chunks);
  }

  /// Tells whether an earlier start used a chunk.
  boolean isLearned(LayerChunk chunk) {
    return uses.isLearned(chunk.number());
  }

  /// Tells whether no use of a chunk was seen until now.
  boolean isFirstUse(LayerChunk chunk) {
    return !uses.isUsed(chunk.number());
  }

  /// Notes that a container uses a chunk that is here, and has fetched what it is likely to use
  /// next.
  void noteUse(LayerChunk chunk) {
    boolean isFirst = isFirstUse(chunk);
    if (isFirst && chunk.fileOffset() == 0 && !wholesale.get() && !isLearned(chunk)) {
      content.shared().libraries().opened(content, table.object(chunk.object()));
      mentions.used(chunk);
    }
    boolean isForetold = uses.isForetold(chunk.number());
    List<LayerChunk> beside = beside(chunk, Found.STORED);
    if (isForetold) {
      return; // who foretold it knows better what lies beside it
    }
    if (!beside.isEmpty()) {
      FetchTicket _ = content.fetch(beside, FetchClass.READAHEAD);
    }
    guess(chunk, isFirst);
  }

  /// Notes that the first chunk of a file has come that a container waits for.
  void arrived(LayerChunk chunk, byte[] bytes) {
    if (!wholesale.get() && !isLearned(chunk)) {
      content.shared().libraries().opened(content, table.object(chunk.object()), bytes);
      mentions.used(chunk, bytes);
    }
  }

  /// After what is surer: it goes first only if it is queued first.
  void guess(LayerChunk chunk, boolean isFirst) {
    if (isFirst && !wholesale.get() && !isLearned(chunk)) {
      guesses.used(chunk);
    }
  }

  /// As the other, of a whole file that the store has.
  void noteUse(LayerObject object) {
    if (object.isOneChunk()) {
      noteUse(table.chunk(table.chunkOf(object, 0)));
    }
  }

  /// Sees to it that a file of one chunk stands where the kernel finds it by itself, if it came
  /// before anybody asked for it.
  void show(LayerObject object) {
    if (removeUnasked(table.chunkOf(object, 0)).isPresent()) {
      content.stored().adopt(object);
    }
  }

  /// Notes that a file of several chunks stands where the kernel finds it by itself: no use of it
  /// will be seen. If it was fetched because of what a program needs, it counts as used.
  void noteWhole(LayerObject object) {
    for (int position = 0; position < object.chunks(); position++) {
      LayerChunk chunk = table.chunk(table.chunkOf(object, position));
      OptionalLong guessed = removeUnasked(chunk.number());
      if (guessed.orElse(0) > 0 && uses.use(chunk.number())) {
        noteFirstUse(chunk, Found.STORED);
      }
    }
  }

  private void noteFirstUse(LayerChunk chunk, Found found) {
    content.shared().scheduler().noteUsed(Batch.packed(chunk));
    content.shared().listeners().used(content, chunk, found);
  }

  private OptionalLong removeUnasked(int chunk) {
    OptionalLong guessed = uses.removeUnasked(chunk);
    guessed.ifPresent(bytes -> content.shared().scheduler().noteUnused(-bytes));
    return guessed;
  }

  /// Notes a use, and returns what should be fetched beside the chunk.
  List<LayerChunk> beside(LayerChunk chunk, Found found) {
    boolean isMarked = chunk.member().start() < marked;
    OptionalLong _ = removeUnasked(chunk.number());
    boolean isFirst = uses.use(chunk.number());
    if (isLearned(chunk)) {
      if (isFirst) {
        noteFirstUse(chunk, found);
      }
      return List.of();
    }
    if (isFirst) {
      noteFirstUse(chunk, found);
      if (!isMarked) {
        readahead.noteFirstUse();
        walk.used(chunk, uses::isUsed);
      }
    } else if (found == Found.STORED) {
      return List.of();
    }
    ByteRange member =
        new ByteRange(
            chunk.member().start(), Math.max(Batch.needed(chunk), chunk.member().start()));
    long walked = isMarked ? 0 : walk.bytes();
    ByteRange reach =
        (isMarked ? readaheadOfMarked : readahead)
            .used(member, found, content.shared().scheduler().isGenerous(), walked);
    if (readahead.isWholesale() || walk.isWhole()) {
      fetchWhole();
    }
    return missingWithin(reach, chunk, walked > 0);
  }

  /// Returns the chunks whose members lie in a range and that are missing, and the missing ones of
  /// the member of `asked`. A walk will come to whatever begins there.
  private List<LayerChunk> missingWithin(ByteRange range, LayerChunk asked, boolean walks) {
    List<LayerChunk> missing = new ArrayList<>();
    int number = asked.number();
    long from = Math.min(range.start(), asked.member().start());
    while (number > 0 && table.chunk(number - 1).member().start() >= from) {
      number--;
    }
    for (; number < table.chunks() && missing.size() < MAX_BESIDE; number++) {
      LayerChunk chunk = table.chunk(number);
      long start = chunk.member().start();
      boolean inAskedMember = start == asked.member().start();
      if (start >= range.end() && start > asked.member().start()) {
        break;
      }
      boolean wanted =
          inAskedMember
              ? number != asked.number()
              : start >= range.start() && (walks || Batch.needed(chunk) <= range.end());
      if (wanted && content.isMissing(number) && (walks || !mentions.isCompiledSource(chunk))) {
        missing.add(chunk);
      }
    }
    return missing;
  }

  /// Tells whether nobody will read a file, as far as that is known by now.
  boolean isCompiledSource(LayerChunk chunk) {
    return mentions.isCompiledSource(chunk);
  }

  /// Has all that is missing fetched in long ranges: everything is going to be read.
  void fetchWhole() {
    if (wholesale.compareAndSet(false, true)) {
      guesses.stop();
      promote();
      fetchSlice(0);
    }
  }

  private void fetchSlice(int from) {
    List<LayerChunk> slice = new ArrayList<>();
    int number = from;
    while (number < table.chunks() && slice.size() < SLICE) {
      if (content.isMissing(number)) {
        slice.add(table.chunk(number));
      }
      number++;
    }
    if (slice.isEmpty()) {
      return;
    }
    int next = number;
    var _ =
        content
            .fetch(slice, FetchClass.PREFETCH)
            .done()
            .thenRun(() ->
                Thread.ofVirtual().name("whole " + content.digest()).start(() -> fetchSlice(next)));
  }

  /// Tells whether all of the layer is being fetched, since all of it is read.
  boolean isWholesale() {
    return wholesale.get();
  }

  /// Puts what came without being asked for where the kernel finds it by itself: from now on its
  /// uses are not seen, and it does not count as fetched in vain any more.
  void promote() {
    for (int number : uses.unasked()) {
      boolean wasUnasked = removeUnasked(number).isPresent();
      LayerObject object = table.object(table.chunk(number).object());
      if (wasUnasked && object.isOneChunk()) {
        content.stored().adopt(object);
      }
    }
  }

  /// Tells whether the use of a chunk is to come by the gate, so that it is seen: it was fetched
  /// because it might be used, not because it is or because all is.
  boolean isToBeSeen(LayerChunk chunk, FetchClass wanted) {
    if (wanted == FetchClass.READ || wanted == FetchClass.BACKGROUND || wholesale.get()) {
      return false;
    }
    long guessed = wanted.isGuessed() ? Batch.packed(chunk) : 0;
    if (!uses.addUnasked(chunk.number(), guessed)) {
      return false;
    }
    content.shared().scheduler().noteUnused(guessed);
    return true;
  }
}
