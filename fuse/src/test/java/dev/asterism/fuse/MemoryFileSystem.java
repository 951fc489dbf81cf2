package dev.asterism.fuse;

import dev.asterism.linux.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// A tree in memory that counts what it is asked. Built before it is mounted.
class MemoryFileSystem implements FileSystem {
  static final Instant MTIME = Instant.ofEpochSecond(1_600_000_000, 123_456_789);

  private static final class Node {
    private final Attributes attributes;
    private final byte[] content;
    private final Map<Name, Long> children = new TreeMap<>();
    private final Map<Name, byte[]> xattrs = new TreeMap<>();

    Node(Attributes attributes, byte[] content) {
      this.attributes = attributes;
      this.content = content;
    }
  }

  private final Map<Long, Node> nodes = new ConcurrentHashMap<>();
  private final Map<Long, AtomicLong> lookupCounts = new ConcurrentHashMap<>();
  final AtomicInteger opens = new AtomicInteger();
  final AtomicInteger releases = new AtomicInteger();
  final AtomicInteger reads = new AtomicInteger();
  final AtomicInteger forgets = new AtomicInteger();

  /// How long the kernel may keep names and attributes.
  Duration timeout = Duration.ofDays(1);

  MemoryFileSystem() {
    add(Attributes.S_IFDIR | 0755, new byte[0]);
  }

  private long add(int mode, byte[] content) {
    long id = nodes.size() + 1L;
    Attributes attributes = Attributes.of(id, mode, content.length, MTIME);
    nodes.put(id, new Node(attributes, content));
    return id;
  }

  private long add(long parent, Name name, int mode, byte[] content) {
    long id = add(mode, content);
    node(parent).children.put(name, id);
    return id;
  }

  long directory(long parent, String name) {
    return add(parent, Name.of(name), Attributes.S_IFDIR | 0755, new byte[0]);
  }

  long file(String name, byte[] content) {
    return file(ROOT, Name.of(name), content);
  }

  long file(long parent, Name name, byte[] content) {
    return add(parent, name, Attributes.S_IFREG | 0644, content);
  }

  long symlink(String name, byte[] target) {
    return add(ROOT, Name.of(name), Attributes.S_IFLNK | 0777, target);
  }

  void xattr(long node, String name, byte[] value) {
    node(node).xattrs.put(Name.of(name), value);
  }

  /// Returns how many entries of a node the kernel holds.
  long lookupCount(long node) {
    return lookupCounts.getOrDefault(node, new AtomicLong()).get();
  }

  private Node node(long id) {
    return Optional.ofNullable(nodes.get(id)).orElseThrow();
  }

  @Override
  public Entry lookup(RequestContext request, long parent, Name name)
      throws IOException, InterruptedException {
    Long id = node(parent).children.get(name);
    if (id == null) {
      throw new FuseException(Errno.ENOENT);
    }
    lookupCounts.computeIfAbsent(id, _ -> new AtomicLong()).incrementAndGet();
    return Entry.of(id, node(id).attributes, timeout);
  }

  @Override
  public CachedAttributes getattr(RequestContext request, long node) throws IOException {
    return new CachedAttributes(node(node).attributes, timeout);
  }

  @Override
  public Opened open(RequestContext request, long node, int flags)
      throws IOException, InterruptedException {
    return new Opened.Cached(opens.incrementAndGet());
  }

  @Override
  public int read(RequestContext request, long node, long handle, long offset, ReadBuffer into)
      throws IOException, InterruptedException {
    reads.incrementAndGet();
    byte[] content = node(node).content;
    int count = Math.clamp(content.length - offset, 0, into.size());
    MemorySegment.copy(
        content,
        (int) Math.min(offset, content.length),
        into.segment(),
        ValueLayout.JAVA_BYTE,
        0,
        count);
    return count;
  }

  @Override
  public void release(long node, long handle) throws IOException, InterruptedException {
    releases.incrementAndGet();
  }

  @Override
  public List<DirectoryEntry> readdir(RequestContext request, long node)
      throws IOException, InterruptedException {
    List<DirectoryEntry> rows = new ArrayList<>();
    node(node)
        .children
        .forEach((name, id) -> rows.add(new DirectoryEntry(name, id, node(id).attributes.mode())));
    return rows;
  }

  @Override
  public byte[] readlink(RequestContext request, long node) {
    return node(node).content;
  }

  @Override
  public byte[] getxattr(RequestContext request, long node, Name name) throws IOException {
    byte[] value = node(node).xattrs.get(name);
    if (value == null) {
      throw new FuseException(Errno.ENODATA);
    }
    return value;
  }

  @Override
  public List<Name> listxattr(RequestContext request, long node) {
    return List.copyOf(node(node).xattrs.keySet());
  }

  @Override
  public void forget(long node, long count) {
    lookupCounts.computeIfAbsent(node, _ -> new AtomicLong()).addAndGet(-count);
    forgets.incrementAndGet();
  }
}
