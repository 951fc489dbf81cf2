package dev.asterism.fuse;

import dev.asterism.fuse.wire.Dirent;
import dev.asterism.fuse.wire.EntryOut;
import dev.asterism.fuse.wire.OutHeader;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Makes the answers to READDIR and READDIRPLUS.
///
/// A row's `off` is its place in the listing plus one, so the offset of a request is the place of
/// the first row that is wanted. Thread-safe.
final class DirectoryAnswer {
  /// Bytes of one answer at most: several may be under way, and these are not from a pool, since
  /// READDIRPLUS may wait long in the middle of one.
  private static final int MAX_SIZE = 64 << 10; // 64 KiB

  /// `FUSE_UNKNOWN_INO`: what `..` has as inode number, whose directory nobody asked about.
  private static final long UNKNOWN_INO = 0xffff_ffffL;

  private final FileSystem fs;
  private final Listings listings = new Listings();

  DirectoryAnswer(FileSystem fs) {
    this.fs = fs;
  }

  void readdir(Pending request, long offset, int size) throws IOException, InterruptedException {
    answer(request, offset, size, 0, (_, _) -> {});
  }

  /// As [#readdir], looking every name up.
  void readdirplus(Pending request, long offset, int size)
      throws IOException, InterruptedException {
    List<Long> found = new ArrayList<>();
    boolean taken = false;
    try {
      taken =
          answer(
              request,
              offset,
              size,
              EntryOut.SIZE,
              (row, out) -> {
                Entry entry = lookup(request, row);
                Answers.entryOut(entry).encode(out);
                if (entry.node() != 0) {
                  found.add(entry.node());
                }
              });
    } finally {
      if (!taken) {
        found.forEach(node -> fs.forget(node, 1));
      }
    }
  }

  /// Returns what the row's name stands for. A row whose name cannot be looked up still shows its
  /// name: node 0 tells the kernel to ask when somebody needs it.
  private Entry lookup(Pending request, DirectoryEntry row) throws InterruptedException {
    String name = row.name().toString();
    if (name.equals(".") || name.equals("..")) {
      return Answers.NOTHING;
    }
    try {
      return fs.lookup(request.context(), request.header().nodeid(), row.name());
    } catch (IOException _) {
      return Answers.NOTHING;
    }
  }

  /// What stands before the name in each row.
  private interface Prefix {
    void encode(DirectoryEntry row, MemorySegment out) throws InterruptedException;
  }

  private boolean answer(Pending request, long offset, int size, int prefixSize, Prefix prefix)
      throws IOException, InterruptedException {
    long node = request.header().nodeid();
    List<DirectoryEntry> listing = listing(request, offset);
    int limit = Math.clamp(size, 0, MAX_SIZE);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment message = arena.allocate(OutHeader.SIZE + (long) limit, Long.BYTES);
      MemorySegment out = message.asSlice(OutHeader.SIZE);
      long place = Math.max(0, offset);
      while (place < listing.size()) {
        DirectoryEntry row = listing.get((int) place);
        int rowSize = prefixSize + Dirent.size(row.name().size());
        if (rowSize > out.byteSize()) {
          break;
        }
        place++;
        prefix.encode(row, out);
        new Dirent(row.ino(), place, (row.mode() & Attributes.S_IFMT) >>> 12)
            .encode(out.asSlice(prefixSize), row.name().bytes());
        out = out.asSlice(rowSize);
      }
      if (offset < listing.size()) {
        listings.keep(node, listing);
      } else {
        listings.drop(node);
      }
      return request.send(message.asSlice(0, message.byteSize() - out.byteSize()));
    }
  }

  private List<DirectoryEntry> listing(Pending request, long offset)
      throws IOException, InterruptedException {
    long node = request.header().nodeid();
    if (offset > 0) {
      var started = listings.find(node);
      if (started.isPresent()) {
        return started.get();
      }
    }
    List<DirectoryEntry> children = fs.readdir(request.context(), node);
    List<DirectoryEntry> listing = new ArrayList<>(children.size() + 2);
    long ino = fs.getattr(request.context(), node).attributes().ino();
    listing.add(new DirectoryEntry(Name.of("."), ino, Attributes.S_IFDIR));
    listing.add(new DirectoryEntry(Name.of(".."), UNKNOWN_INO, Attributes.S_IFDIR));
    listing.addAll(children);
    return listing;
  }
}
