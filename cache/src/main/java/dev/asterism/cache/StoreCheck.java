package dev.asterism.cache;

import dev.asterism.cache.index.LinksIndex;
import dev.asterism.cache.index.Place;
import dev.asterism.content.Digest;
import dev.asterism.linux.FileStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// Compares the store with what it should be: names, bytes, modes, links, strangers, and what the
/// index knows.
///
/// May run while others read and write: what seems wrong is looked at again under its digest's lock
/// before it is reported. Confined to one thread; for one verification.
final class StoreCheck {
  private static final int MAX_FINDINGS = 10_000;
  private static final int WRITABLE = 0222; // for owner, group, others
  private static final int STEP = 64; // files between two reports of progress

  private final CacheLayout layout;
  private final CacheDisk disk;
  private final DigestFiles files;
  private final FreshLinks fresh;
  private final StaleLinks stale;
  private final Ledger ledger;
  private final Optional<KeyCheck> keys;
  private final Optional<LinksIndex> index;
  private final VerifyOptions options;
  private final StoreProgress progress;
  private final Consumer<Digest> healer;
  private final StoreWalk walk;
  private final Survey survey = new Survey();
  private final List<Finding> findings = new ArrayList<>();
  private long leftOut;
  private long names;
  private long total;
  private long bytes;

  /// @param keys compares the index with the disk; empty while that is not complete
  StoreCheck(
      CacheLayout layout,
      CacheDisk disk,
      DigestFiles files,
      FreshLinks fresh,
      StaleLinks stale,
      Ledger ledger,
      Optional<KeyCheck> keys,
      VerifyOptions options,
      StoreProgress progress,
      Consumer<Digest> healer) {
    this.healer = healer;
    this.layout = layout;
    this.disk = disk;
    this.files = files;
    this.fresh = fresh;
    this.stale = stale;
    this.ledger = ledger;
    this.keys = keys;
    this.index = keys.map(KeyCheck::index);
    this.options = options;
    this.progress = progress;
    this.walk = new StoreWalk(layout);
  }

  VerifyReport verify() throws IOException {
    total = walk.count();
    for (StoreWalk.Place place : StoreWalk.Place.values()) {
      for (int directory = 0; directory < CacheLayout.FAN_OUT.size(); directory++) {
        walk.digests(place, directory, new Digests(place));
      }
    }
    for (Digest layer : walk.ownLayers()) {
      walk.own(layer, new Digests(StoreWalk.Place.OBJECT));
    }
    List<Digest> layers = walk.layers();
    for (int i = 0; i < layers.size(); i++) {
      progress.at("links of layers", i, layers.size());
      walk.layer(layers.get(i), new LinksOf(layers.get(i)));
    }
    lookForForeignLinks();
    if (keys.isPresent()) {
      lookForLost(keys.get().index());
      keys.get().lookForLost(progress, this::found);
    }
    return new VerifyReport(names, bytes, findings, leftOut);
  }

  private void found(Finding finding) {
    if (findings.size() < MAX_FINDINGS) {
      findings.add(finding);
    } else {
      leftOut++;
    }
  }

  private void counted() {
    if (names++ % STEP == 0) {
      progress.at("files", names, Math.max(names, total));
    }
  }

  private final class Digests implements StoreWalk.Names<Digest> {
    private final StoreWalk.Place place;

    Digests(StoreWalk.Place place) {
      this.place = place;
    }

    @Override
    public void stranger(String path) {
      found(new Finding.Stranger(Path.of(path)));
    }

    @Override
    public void take(Digest digest, String path, long inode) throws IOException {
      Optional<FileStatus> there = disk.status(path);
      if (there.isEmpty()) {
        return;
      }
      FileStatus file = there.get();
      counted();
      if (!file.isRegular()) {
        found(new Finding.Stranger(Path.of(path)));
        return;
      }
      boolean known = survey.find(file.inode()) != Survey.NONE;
      if (place == StoreWalk.Place.FRESH && !known) {
        orphan(digest, path, inode);
        return;
      }
      if (!known) {
        if (bytes(digest, path, file) || !standsAt(path)) {
          return; // removed: the layers' links to it are stale now
        }
      }
      survey.named(survey.add(file.inode(), 0, file.links(), 0, files.lockNumber(digest)));
      if (place != StoreWalk.Place.FRESH && index.isPresent()) {
        compare(index.get(), place, digest, path);
      }
    }
  }

  /// Where all is hashed, a wrong size was found by that.
  private boolean isKnown(LinksIndex known, Digest digest, long size) {
    return known.find(digest).filter(entry -> options.hashes() || entry.size() == size).isPresent();
  }

  private void compare(LinksIndex known, StoreWalk.Place place, Digest digest, String path)
      throws IOException {
    Optional<FileStatus> first = disk.status(path);
    if (first.isEmpty() || isKnown(known, digest, first.get().size())) {
      return;
    }
    ReentrantLock lock = files.lockOf(digest); // publishing tells the index under it
    lock.lock();
    try {
      Optional<FileStatus> file = disk.status(path);
      if (file.isEmpty() || isKnown(known, digest, file.get().size())) {
        return;
      }
      if (options.repair()) {
        known.seen(
            place == StoreWalk.Place.OBJECT ? Place.OBJECT : Place.CHUNK,
            digest,
            file.get().size());
      }
      found(new Finding.NotKnown(Path.of(path), digest, options.repair()));
    } finally {
      lock.unlock();
    }
  }

  /// Looks for digests that the index knows and the disk does not.
  private void lookForLost(LinksIndex known) throws IOException {
    for (int firstByte = 0; firstByte < CacheLayout.FAN_OUT.size(); firstByte++) {
      progress.at("known digests", firstByte, CacheLayout.FAN_OUT.size());
      for (LinksIndex.Entry entry : known.digests(firstByte, true)) {
        if (!stands(entry.digest())) {
          lost(known, entry.digest());
        }
      }
    }
  }

  private boolean stands(Digest digest) throws IOException {
    return disk.status(layout.object(digest)).isPresent()
        || disk.status(layout.part(digest)).isPresent();
  }

  private void lost(LinksIndex known, Digest digest) throws IOException {
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      if (stands(digest) || known.find(digest).isEmpty()) {
        return; // published or forgotten meanwhile
      }
      if (options.repair()) {
        known.removed(digest);
      }
      found(new Finding.Lost(Path.of(layout.object(digest)), digest, options.repair()));
    } finally {
      lock.unlock();
    }
  }

  private void orphan(Digest digest, String path, long inode) throws IOException {
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      Optional<FileStatus> file = disk.status(path).filter(now -> now.inode() == inode);
      if (file.isEmpty() || isSame(file.get(), digest)) {
        return; // gone, or published while we came
      }
      boolean repaired = options.repair() && disk.unlink(path) == 0;
      if (repaired) {
        fresh.remove(digest);
      }
      found(new Finding.OrphanFresh(Path.of(path), digest, repaired));
    } finally {
      lock.unlock();
    }
  }

  private boolean isSame(FileStatus file, Digest digest) throws IOException {
    return disk.status(layout.object(digest)).filter(file::isSameFile).isPresent()
        || disk.status(layout.part(digest)).filter(file::isSameFile).isPresent();
  }

  /// Looks at a file's bytes and mode, and tells whether it was removed: what stands there then is
  /// another one, that was fetched again.
  private boolean bytes(Digest digest, String path, FileStatus file) {
    if (file.size() == 0) {
      boolean repaired = options.repair() && remove(file, path, digest, "it has no bytes");
      found(new Finding.Empty(Path.of(path), digest, repaired));
      return repaired;
    }
    if ((file.mode() & WRITABLE) != 0) {
      boolean repaired = options.repair() && disk.seal(path) == 0;
      found(new Finding.Writable(Path.of(path), file.mode(), repaired));
    }
    return options.hashes() && hash(digest, path, file);
  }

  private boolean hash(Digest digest, String path, FileStatus file) {
    boolean repaired = false;
    try {
      Digest actual = Hashes.of(disk, path);
      bytes += disk.status(path).map(FileStatus::size).orElse(0L);
      if (!actual.equals(digest)) {
        repaired = options.repair() && remove(file, path, digest, "hashes to " + actual);
        found(new Finding.WrongBytes(Path.of(path), digest, actual, repaired));
      } else {
        ledger.verified(digest);
      }
    } catch (IOException e) {
      if (standsAt(path)) {
        String why = String.valueOf(e.getMessage());
        repaired = options.repair() && remove(file, path, digest, why);
        found(new Finding.Unreadable(Path.of(path), why, repaired));
      }
    }
    return repaired;
  }

  private boolean standsAt(String path) {
    try {
      return disk.status(path).isPresent();
    } catch (IOException _) {
      return true; // it cannot even be looked at
    }
  }

  private boolean remove(FileStatus file, String path, Digest digest, String why) {
    files.removeDamaged(path, digest, why);
    boolean gone = isAnother(path, file); // or a reader has fetched it again already
    if (gone) {
      healer.accept(digest);
    }
    return gone;
  }

  /// Tells whether a name is no more this file's.
  private boolean isAnother(String path, FileStatus file) {
    try {
      return disk.status(path).filter(file::isSameFile).isEmpty();
    } catch (IOException _) {
      return false; // it cannot even be looked at
    }
  }

  private final class LinksOf implements StoreWalk.Names<ChunkKey> {
    private final Digest layer;

    LinksOf(Digest layer) {
      this.layer = layer;
    }

    @Override
    public void stranger(String path) {
      found(new Finding.Stranger(Path.of(path)));
    }

    @Override
    public void take(ChunkKey key, String path, long inode) throws IOException {
      names++;
      int slot = survey.find(inode);
      if (slot != Survey.NONE) {
        survey.held(slot, 0, false);
        if (keys.isPresent()) {
          keys.get().compare(layer, key, path, inode, StoreCheck.this::found);
        }
        return;
      }
      if (isRight(path, inode) || stale.isInUse(layer, key)) {
        return;
      }
      boolean repaired = options.repair() && stale.settle(layer, key, path, inode);
      if (!repaired && isRight(path, inode)) {
        return; // a healer, or who reads it, was faster
      }
      found(new Finding.StaleLink(Path.of(path), layer, repaired));
    }
  }

  /// Looks once more at a file that came after the digests were looked at: hashing tells which it
  /// is. It is right too if it was under its digest until it could have no more links: the layers
  /// that have it keep it beside the file that took its place.
  private boolean isRight(String path, long inode) throws IOException {
    Optional<FileStatus> found = disk.status(path).filter(now -> now.inode() == inode);
    if (found.isEmpty()) {
      return true;
    }
    FileStatus file = found.get();
    Optional<Digest> hashed = Hashes.find(disk, path);
    if (hashed.isEmpty()) {
      return true; // gone meanwhile
    }
    Digest digest = hashed.get();
    if (isSame(file, digest)) {
      return true; // whose names were not counted: nothing is to be said of its links
    }
    boolean former = file.links() > 1 && (file.mode() & WRITABLE) == 0 && stands(digest);
    if (former) {
      survey.add(inode, 0, file.links(), 0, Survey.NO_LOCK); // its other links are right as well
    }
    return former;
  }

  private void lookForForeignLinks() throws IOException {
    for (StoreWalk.Place place : List.of(StoreWalk.Place.OBJECT, StoreWalk.Place.CHUNK)) {
      for (int directory = 0; directory < CacheLayout.FAN_OUT.size(); directory++) {
        walk.digests(
            place,
            directory,
            (digest, path, inode) -> {
              int slot = survey.find(inode);
              if (slot != Survey.NONE && survey.isHeldByOthers(slot)) {
                if (hasForeignLinks(digest, path, survey.links(slot))) {
                  found(
                      new Finding.ForeignLinks(
                          Path.of(path), survey.known(slot), survey.links(slot)));
                }
                survey.victim(slot); // once
              }
            });
      }
    }
  }

  /// Looks again where nobody changes the digest's names: one of them may have been in `wip`
  /// before, and may have come where it belongs behind our back.
  private boolean hasForeignLinks(Digest digest, String path, long links) throws IOException {
    ReentrantLock lock = files.lockOf(digest);
    lock.lock();
    try {
      Optional<FileStatus> now = disk.status(path);
      return now.isPresent() && now.get().links() == links && namesOf(digest, now.get()) < links;
    } finally {
      lock.unlock();
    }
  }

  /// Counts the names of a file: those of its digest, and the layers' that the index knows.
  private long namesOf(Digest digest, FileStatus file) throws IOException {
    List<String> all =
        new ArrayList<>(List.of(layout.object(digest), layout.part(digest), layout.fresh(digest)));
    ledger
        .index()
        .keys(
            digest,
            (layer, entry, offset) -> all.add(layout.key(layer, new ChunkKey(entry, offset))));
    long count = 0;
    for (String name : all) {
      count += disk.status(name).filter(file::isSameFile).isPresent() ? 1 : 0;
    }
    return count;
  }
}
